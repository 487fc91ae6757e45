import path from 'node:path';
import { setImmediate } from 'node:timers/promises';
import type { Worker } from 'node:worker_threads';
import { MODELS_DIR } from '../../src/bundle/bundle.js';
import { OnnxRuntime, type OnnxSession, type TensorData } from '../../src/onnx/runtime.js';

let runtime: OnnxRuntime;

afterEach(() => runtime.dispose());

const load = (): Promise<OnnxSession> => runtime.load(path.join(MODELS_DIR, 'glpose-movenet/extractor.onnx'), null);
const threadOf = (): Worker => (runtime as unknown as { workers: { thread: Worker }[] }).workers[0].thread; // to do to it what should never happen

async function run(session: OnnxSession): Promise<TensorData> {
  const [image, expected] = session.inputs;
  const feeds = {
    [image]: { dims: [1, 3, 192, 192], data: new Float32Array(3 * 192 * 192).fill(0.5) },
    [expected]: { dims: [1, 17, 3], data: new Float32Array(17 * 3) }, // nobody is meant
  };
  return Object.values(await session.run(feeds, [session.outputs[0]]))[0];
}

test('a thread that is killed fails what is asked of it then; the next call gets a new thread and the same answer', async () => {
  runtime = new OnnxRuntime(1);
  const session = await load();
  const before = await run(session);
  const gone = threadOf().terminate(); // idle: in the midst of a run, ONNX Runtime would end the process
  await expect(run(session)).rejects.toThrow(/thread ended/);
  await gone;
  expect((await run(session)).data).toEqual(before.data);
});

test('a thread that hangs is given up', async () => {
  runtime = new OnnxRuntime(1);
  const session = await load();
  const [worker] = (runtime as unknown as { workers: { timeout: number }[] }).workers;
  worker.timeout = 0.2;
  threadOf().postMessage = () => {}; // asked, it never answers
  await expect(run(session)).rejects.toThrow(/no answer for 0.2 s/);
  worker.timeout = Infinity;
  expect((await run(session)).data.length).toBeGreaterThan(0);
});

test('a thread that answers while the process is stopped is not given up', async () => {
  runtime = new OnnxRuntime(1);
  const session = await load();
  const [worker] = (runtime as unknown as { workers: { timeout: number }[] }).workers;
  worker.timeout = 2;
  await setImmediate(); // so that timers have their turn before the thread's answers
  const asked = run(session);
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 3000); // to this thread's timers the same as a stop
  expect((await asked).data.length).toBeGreaterThan(0);
});

test('disposing in the midst of a run ends the run, not the process', async () => {
  runtime = new OnnxRuntime(1);
  const session = await load();
  const runs = Array.from({ length: 20 }, () => run(session));
  const failures = Promise.allSettled(runs);
  await runtime.dispose();
  expect((await failures).filter(({ status }) => status === 'rejected').length).toBeGreaterThan(0);
});
