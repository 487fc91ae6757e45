/*
 * People who pass before one another, again and again: who is found, and who keeps their number.
 *   node scripts/people/crossings.mjs [--list test|validation|train] [--clips 30] [--seed 0] [--save <folder>] [--model <bundle>] [--json] <shared/data>
 * Clips of JHMDB, played forwards and backwards for SECONDS; before each, two people, whole ones, cut out of pictures (as in composites.mjs) go to and fro, one
 * slower than the other, so that all three cover one another now and then; where the camera moves, they go with the scene. Tracks alone are scored,
 * in the frames in which at least half of a person is in sight:
 *   found      person-frames with a box of their own (IoU ≥ 0.3, one each)
 *   lost       spells of more than 5 frames without, a minute of footage and person
 *   switches   times that somebody's number changes, a minute and person
 *   identity   person-frames under the number that is theirs the longest, over all of them: what is not found does not count (one number, one person)
 *   ghosts     boxes that are nobody's (IoU under 0.1 with everyone, in sight or not), a frame
 * Intervals: bootstrap over clips. Ways and people depend on the seed alone.
 */
import { mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import sharp from 'sharp';
import { surveyOptions } from '../../dist/src/estimation/estimate.js';
import { surveyVideo } from '../../dist/src/estimation/survey.js';
import { LIMB_JOINTS } from '../../dist/src/evaluation/quality/doubled.js';
import { scaled } from '../../dist/src/features/cut-outs.js';
import { pasted } from '../../dist/src/features/passer.js';
import { loadModel } from '../../dist/src/index.js';
import { covers, cutOuts, limbsOf } from './cut-outs.mjs';
import { imagesOf, inWords, printTable, randomFrom, ratioWithInterval, videoOf } from './material.mjs';
import { shiftsOf } from './shifts.mjs';
import { byBoxes, enlarged, extent, iou } from './poses.mjs';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    list: { type: 'string', default: 'validation' },
    clips: { type: 'string', default: '30' },
    seed: { type: 'string', default: '0' },
    save: { type: 'string' },
    model: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});
const [data] = positionals;
const FPS = 25;
const FRAMES = 6 * FPS;
const PASSERS = 2;
const IN_SIGHT = 0.5;
const LOST_AFTER = 5;

/** There and back: which frame of so many is shown at a time. */
const toAndFro = (t, count) => (count < 2 ? 0 : Math.abs(((t + count - 1) % (2 * count - 2)) - (count - 1)));

function clipsOf(random) {
  const { clips } = JSON.parse(readFileSync(path.join(data, 'jhmdb/index.json'), 'utf8'));
  const own = clips.filter(({ split }) => split === values.list);
  const drawn = own.map((clip) => ({ clip, at: random() })).sort((a, b) => a.at - b.at);
  return drawn.slice(0, Number(values.clips)).map(({ clip: { video, joints } }) => ({
    name: path.parse(video).name,
    file: path.join(data, 'jhmdb', video),
    boxes: joints.map((frame) => enlarged(extent(frame.flat()))),
  }));
}

/** How much of a box lies within the picture and under none of those who are before it, 0–1, by points on a grid. */
function inSight(box, { width, height }, before) {
  const POINTS = 12;
  let free = 0;
  for (let i = 0; i < POINTS ** 2; i++) {
    const x = box.x + ((Math.floor(i / POINTS) + 0.5) / POINTS) * box.width;
    const y = box.y + (((i % POINTS) + 0.5) / POINTS) * box.height;
    if (x >= 0 && y >= 0 && x < width && y < height && !before.some((cut) => covers(cut, x, y))) free++;
  }
  return free / POINTS ** 2;
}

/** @returns { name, images, people: [3][frame] { box, inSight } } */
async function compose(clip, pool, random) {
  const { images: shots } = await imagesOf(clip.file);
  const shifts = shiftsOf(shots, clip.boxes);
  const tallest = Math.max(...clip.boxes.map(({ height }) => height));
  const passers = Array.from({ length: PASSERS }, () => {
    const cutOut = pool[Math.floor(random() * pool.length)];
    const share = 0.8 + 0.35 * random();
    return {
      cutOut,
      from: Math.floor(random() * cutOut.frames.length),
      flip: random() < 0.5,
      scale: (share * tallest) / cutOut.height,
      reach: 0.25 + 0.25 * random(), // of the picture's width
      turn: 2 * Math.PI * random(),
      seconds: 3 + 3 * random(), // there and back
      lower: 0.1 * (random() - 0.3) * tallest,
    };
  });
  const people = Array.from({ length: 1 + PASSERS }, () => []);
  const images = [];
  for (let t = 0; t < FRAMES; t++) {
    const at = toAndFro(t, Math.min(shots.length, clip.boxes.length));
    let image = { ...shots[at], x: 0, y: 0 };
    const cuts = [];
    for (const { cutOut, from, flip, scale, reach, turn, seconds, lower } of passers) {
      const cut = await scaled(cutOut.frames[toAndFro(from + t, cutOut.frames.length)], scale, flip);
      const middle = image.width * (0.5 + reach * Math.sin(turn + (2 * Math.PI * t) / FPS / seconds));
      const floor = clip.boxes[0].y + clip.boxes[0].height + lower;
      const [left, top] = [middle + shifts[at].x - cut.width / 2, floor + shifts[at].y - cut.height];
      cuts.push({ ...cut, left: Math.round(left), top: Math.round(top) });
      image = pasted(image, cuts.at(-1));
    }
    images.push({ width: image.width, height: image.height, data: image.data });
    people[0].push({ box: clip.boxes[at], inSight: inSight(clip.boxes[at], image, cuts) });
    for (const [i, { left, top, width, height }] of cuts.entries()) {
      const box = { x: left, y: top, width, height };
      people[1 + i].push({ box, inSight: inSight(box, image, cuts.slice(i + 1)) });
    }
  }
  return { name: [clip.name, ...passers.map(({ cutOut }) => cutOut.name)].join('+'), images, people };
}

/** People from head to foot: an ankle is known. */
function isWhole({ frames }) {
  const limbs = limbsOf(frames[0]);
  return ['left_ankle', 'right_ankle'].some((name) => Number.isFinite(limbs[2 * LIMB_JOINTS.indexOf(name)]));
}

/** What came of everyone in one clip. */
function score(people, tracked) {
  const whose = tracked.map((found, t) =>
    byBoxes(
      people.map((person) => person[t]),
      found,
    ),
  );
  const numbers = people.map((person, p) => person.map((_, t) => whose[t][p]?.trackId ?? null));
  let [frames, found, lost, switches] = [0, 0, 0, 0];
  for (const [p, person] of people.entries()) {
    let [missing, last] = [0, null];
    for (const [t, { inSight: share }] of person.entries()) {
      const number = numbers[p][t];
      if (share < IN_SIGHT) continue;
      frames++;
      if (number !== null) {
        if (last !== null && number !== last) switches++;
        last = number;
        found++;
        missing = 0;
      } else if (++missing === LOST_AFTER + 1) lost++;
    }
  }
  const pairs = new Map();
  for (const [p, person] of people.entries()) {
    for (const [t, { inSight: share }] of person.entries()) {
      const key = `${p} ${numbers[p][t]}`;
      if (share >= IN_SIGHT && numbers[p][t] !== null) pairs.set(key, (pairs.get(key) ?? 0) + 1);
    }
  }
  let own = 0;
  const taken = new Set();
  for (const [key, count] of [...pairs].sort((a, b) => b[1] - a[1])) {
    const [p, number] = key.split(' ');
    if (taken.has(`p${p}`) || taken.has(`n${number}`)) continue;
    taken.add(`p${p}`).add(`n${number}`);
    own += count;
  }
  const ghosts = tracked.reduce(
    (sum, boxes, t) => sum + boxes.filter(({ box }) => people.every((person) => iou(person[t].box, box) < 0.1)).length,
    0,
  );
  return { frames, found, lost, switches, own, ghosts };
}

const random = randomFrom(Number(values.seed));
const pool = (await cutOuts(data, values.list)).filter(isWhole);
const model = await loadModel(values.model, { method: 'single-frame', device: 'cpu' });
const results = [];
for (const clip of clipsOf(random)) {
  const { name, images, people } = await compose(clip, pool, random);
  if (values.save) {
    const folder = path.join(values.save, name);
    mkdirSync(folder, { recursive: true });
    for (const [t, { width, height, data: pixels }] of images.entries())
      await sharp(pixels, { raw: { width, height, channels: 3 } }).jpeg({ quality: 92 }).toFile(path.join(folder, `${String(t).padStart(6, '0')}.jpg`)); // prettier-ignore
  }
  await model.estimator.begin([]);
  const { trackedBoxes, candidates } = await surveyVideo(videoOf(images, FPS), surveyOptions(model, {}));
  for (const { crop } of candidates) model.net.release(crop);
  const tracked = images.map((_, t) => trackedBoxes.of(t));
  results.push({ name, ...score(people, tracked) });
}
await model.dispose();

const minutes = FRAMES / FPS / 60;
const sum = (key) => results.reduce((total, clip) => total + clip[key], 0);
const summary = {
  clips: results.length,
  found: ratioWithInterval(results.map(({ found, frames }) => ({ right: found, all: frames }))),
  identity: ratioWithInterval(results.map(({ own, frames }) => ({ right: own, all: frames }))),
  lost: sum('lost') / (1 + PASSERS) / minutes / results.length,
  switches: sum('switches') / (1 + PASSERS) / minutes / results.length,
  ghosts: sum('ghosts') / FRAMES / results.length,
};
if (values.json) console.log(JSON.stringify({ ...summary, results }, null, 2));
else printTable(['clips', 'found, %', 'identity, %', 'lost', 'switches', 'ghosts'], [[summary.clips, inWords(summary.found), inWords(summary.identity), ...['lost', 'switches', 'ghosts'].map((key) => summary[key].toFixed(2))]]); // prettier-ignore
