/*
 * What is left of poses where frames of real footage with several people are spoiled, without labels: the extractor's sure joints of the
 * clean frames stand for the truth (teacher).
 *   node scripts/people/spoiled.mjs [--method single-frame,head,glpose] [--kinds motion-blur,defocus] [--runs 1,5] [--frames 60]
 *        [--model <bundle>] [--seed 0] [--json] <clip.mp4 …>
 *   method   head: glpose without the agreement of the extractor's own pose and the frames around
 *   runs     of every ten frames so many, one after another, are spoiled, all over, as much as those of training samples are
 *   PCK@0.1  of the limb joints that the teacher sees with a score of 0.5 or more: a tenth of the larger side of the person's box; whose
 *            pose is whose is known by the boxes (IoU ≥ 0.3); of people who are not found, no joint is right
 * Everything is found anew in the spoiled clip: people, tracks, poses. Intervals: bootstrap over clips and blocks of ten frames.
 */
import path from 'node:path';
import { parseArgs } from 'node:util';
import { LIMB_JOINTS } from '../../dist/src/evaluation/quality/doubled.js';
import { drawDegradation } from '../../dist/src/features/degradations.js';
import { Random } from '../../dist/src/features/random.js';
import { estimateVideo, loadModel } from '../../dist/src/index.js';
import { imagesOf, inWords, printTable, ratioWithInterval, videoOf } from './material.mjs';
import { byBoxes } from './poses.mjs';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    method: { type: 'string', default: 'single-frame,head,glpose' },
    kinds: { type: 'string', default: 'motion-blur,defocus' },
    runs: { type: 'string', default: '1,5' },
    frames: { type: 'string', default: '60' },
    model: { type: 'string' },
    seed: { type: 'string', default: '0' },
    json: { type: 'boolean', default: false },
  },
});
const SURE = 0.5;
const PERIOD = 10;
const isSpoiled = (index, run) => index % PERIOD >= (PERIOD - run) / 2 && index % PERIOD < (PERIOD + run) / 2;

async function posesOf({ images, fps }, method) {
  const model = await loadModel(values.model, { method: method === 'head' ? 'glpose' : method, device: 'cpu' });
  const frames = [];
  for await (const { people } of estimateVideo(videoOf(images, fps), model, { agreement: method !== 'head' })) frames.push(people); // prettier-ignore
  const { joints } = model.estimator;
  await model.dispose();
  return { frames, joints };
}

function sizeOf({ width, height }) {
  return Math.max(width, height);
}

/** The clip with spoiled frames, each run's in a way of its own, fitted to the people of its middle frame. */
async function spoil(clip, teacher, kind, run, name) {
  const ways = new Map();
  const images = [];
  for (const [index, image] of clip.images.entries()) {
    if (!isSpoiled(index, run)) {
      images.push(image);
      continue;
    }
    const block = Math.floor(index / PERIOD);
    if (!ways.has(block)) {
      const random = new Random(Number(values.seed), name, kind, run, block);
      const sizes = teacher.frames[index].map(({ box }) => sizeOf(box)).sort((a, b) => a - b);
      const size = sizes[sizes.length >> 1] ?? Math.max(image.width, image.height) / 3;
      ways.set(block, drawDegradation(kind, { size, joints: [], direction: null, texture: image }, random));
    }
    images.push(await ways.get(block)({ ...image, x: 0, y: 0 }));
  }
  return { ...clip, images };
}

/** By blocks: joints that are right, of spoiled frames. */
function score(teacher, poses, run) {
  const blocks = [];
  for (const [index, people] of teacher.frames.entries()) {
    if (!isSpoiled(index, run)) continue;
    const block = (blocks[Math.floor(index / PERIOD)] ??= { right: 0, all: 0 });
    const found = byBoxes(people, poses.frames[index]);
    for (const [p, { box, joints }] of people.entries()) {
      for (const name of LIMB_JOINTS) {
        const truth = joints[teacher.joints.indexOf(name)];
        if (!truth || truth.occluded || truth.score < SURE) continue;
        const joint = found[p]?.joints[poses.joints.indexOf(name)];
        block.all++;
        if (joint && Math.hypot(joint.x - truth.x, joint.y - truth.y) < 0.1 * sizeOf(box)) block.right++;
      }
    }
  }
  return blocks.filter(({ all }) => all > 0);
}

const methods = values.method.split(',');
const results = new Map();
for (const file of positionals) {
  const clip = await imagesOf(file, { count: Number(values.frames) });
  const { name } = path.parse(file);
  const teacher = await posesOf(clip, 'single-frame');
  for (const kind of values.kinds.split(',')) {
    for (const run of values.runs.split(',').map(Number)) {
      const spoiled = await spoil(clip, teacher, kind, run, name);
      for (const method of methods) {
        const blocks = score(teacher, await posesOf(spoiled, method), run);
        const key = `${kind}, ${run} of ${PERIOD}`;
        for (const row of [name, 'all']) {
          const of = results.get(`${row} ${key}`) ?? { clip: row, spoiled: key };
          of[method] = [...(of[method] ?? []), ...blocks];
          results.set(`${row} ${key}`, of);
        }
      }
    }
  }
}
const rows = [...results.values()].sort((a, b) => Number(a.clip === 'all') - Number(b.clip === 'all'));
const summed = rows.map((row) => ({ ...row, ...Object.fromEntries(methods.map((method) => [method, ratioWithInterval(row[method])])) })); // prettier-ignore
if (values.json) console.log(JSON.stringify(summed, null, 2));
else printTable(['clip', 'spoiled', ...methods], summed.map((row) => [row.clip, row.spoiled, ...methods.map((method) => inWords(row[method]))])); // prettier-ignore
