/*
 * Sessions made and disposed, one after the other: memory, threads and open files stay as they are.
 *
 *   node --expose-gc scripts/endurance/sessions.mjs [--heads 10000] [--models 300] [--growth 16]     (after npm run build; Linux)
 *
 * A session of the addon: a head is created, gets the maps of five people, estimates two, releases some, and is disposed with the rest;
 * every other one is not disposed but left to the garbage collector. A model: a whole bundle with its ONNX sessions and threads. Exit
 * status 1 where resident memory after the last tenth is more than `growth` MiB above that after the second, or where threads or
 * files are left.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { headShape, loadBundle } from '../../dist/src/bundle/bundle.js';
import { addon } from '../../dist/src/native/binding.js';
import { Model } from '../../dist/src/estimation/model.js';
import { writeStreetBundle } from './street.mjs';
import { lookAt } from './watch.mjs';

const { values } = parseArgs({
  options: {
    heads: { type: 'string', default: '10000' },
    models: { type: 'string', default: '300' },
    growth: { type: 'string', default: '16' },
  },
});
if (!globalThis.gc) throw new Error('run it with node --expose-gc');

const folder = mkdtempSync(path.join(os.tmpdir(), 'glpose-sessions-'));
try {
  writeStreetBundle(folder);
  const { config, loadHead } = await loadBundle(folder).then((bundle) => ({
    ...bundle,
    loadHead: () => bundle.loadHead(),
  }));
  const [shape, tensors] = [headShape(config), await loadHead()];
  addon().setThreads(2);
  const maps = Float32Array.from({ length: 5 * shape.channels * shape.height * shape.width }, (_, i) => Math.sin(i));
  const references = 2 * shape.k + shape.n;
  await repeat('heads of the addon', Number(values.heads), async (i) => {
    const head = addon().createHead(shape, tensors, 'cpu');
    const { handles } = await head.ingest(maps);
    await head.estimate({
      keys: handles.slice(0, 2),
      references: Int32Array.from({ length: 2 * references }, (_, j) => handles[j % 5]),
      weights: new Float32Array(2 * references).fill(1 / references),
      decode: 'dark',
    });
    head.release(handles.slice(0, 2));
    if (i % 2 === 0) head.dispose();
  });
  await repeat('models', Number(values.models), async () => {
    const model = await Model.load(folder, { method: 'glpose', device: 'cpu', threads: 2 });
    await model.dispose();
  });
} finally {
  rmSync(folder, { recursive: true });
}

async function repeat(what, count, once) {
  const started = performance.now();
  const after = [];
  for (let tenth = 0; tenth < 10; tenth++) {
    for (let i = 0; i < count / 10; i++) await once(i);
    globalThis.gc();
    await new Promise((resolve) => setTimeout(resolve, 200)); // finalizers, and threads on their way out
    after.push(lookAt(process.pid));
  }
  const list = (key) => after.map((look) => Math.round(look[key])).join(' ');
  console.log(`${count} ${what}: ${((performance.now() - started) / 1000).toFixed(0)} s`);
  console.log(`  MiB after each tenth: ${list('mib')}; threads: ${list('threads')}; open files: ${list('files')}`);
  const [early, late] = [after[1], after[9]];
  const faults = [
    late.mib - early.mib > Number(values.growth) && `memory grew by ${(late.mib - early.mib).toFixed(1)} MiB`,
    late.threads > early.threads && `${late.threads - early.threads} threads are left`,
    late.files > early.files && `${late.files - early.files} files are left open`,
  ].filter(Boolean);
  for (const fault of faults) console.log(`FAULT: ${what}: ${fault}`);
  if (faults.length > 0) process.exitCode = 1;
}
