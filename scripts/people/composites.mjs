/*
 * People pasted, moving, over labelled people: whose joints are found, by how much the two overlap.
 *   node scripts/people/composites.mjs [--list test|validation] [--method single-frame,head,glpose] [--people detected,known,alone]
 *        [--clips 40] [--seed 0] [--save <folder>] [--model <bundle>] [--json]
 *        [--run 5] <shared/data>
 * Clips of JHMDB's test or validation split; over each, one person is cut out of a picture (a COCO still by its polygon, or a
 * DAVIS sequence by its masks), brought to a similar height, and moves past the labelled one, who is partly hidden by them.
 *   method   head: glpose without the agreement of the extractor's own pose and the frames around
 *   people   detected: the whole tool; known: both boxes and tracks given; alone: detected, nobody pasted
 *   overlap  IoU of the two boxes; the labelled person's: the joints' extent, a tenth larger on all sides
 *   PCK@0.1  of the limb joints within the picture; a tenth of the larger side of the joints' extent; whose pose is whose: one each, so that the
 *            boxes' IoU and the joints that are right are the most in all; of people who were not found, no joint is right
 *   pasted   the same of the person in front, where a still's joints are labelled by hand
 *   --run    so many frames about the middle one are degraded as those of training samples are, each clip's in a way of its own (motion
 *            blur, defocus, occlusion), and the middle one alone is scored; 0: only that, and clean
 * Intervals: bootstrap over clips. The choice of clips, cut-outs and ways depends on the seed alone. --save writes the frames.
 */
import { mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import sharp from 'sharp';
import { labelledPose } from '../../dist/src/evaluation/quality/check.js';
import { LIMB_JOINTS, doubledPairs } from '../../dist/src/evaluation/quality/doubled.js';
import { estimateVideo, loadModel } from '../../dist/src/index.js';
import { drawDegradation } from '../../dist/src/features/degradations.js';
import { Random } from '../../dist/src/features/random.js';
import { scaled } from '../../dist/src/features/cut-outs.js';
import { pasted } from '../../dist/src/features/passer.js';
import { covers, cutOuts, limbsOf } from './cut-outs.mjs';
import { imagesOf, inWords, printTable, randomFrom, ratioWithInterval, videoOf } from './material.mjs';
import { enlarged, extent, iou } from './poses.mjs';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    list: { type: 'string', default: 'test' },
    method: { type: 'string', default: 'single-frame,glpose' },
    people: { type: 'string', default: 'detected,known' },
    clips: { type: 'string', default: '40' },
    seed: { type: 'string', default: '0' },
    run: { type: 'string' },
    save: { type: 'string' },
    model: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});
const [data] = positionals;
/** Frames of each composite, and every how manyth is scored. */
const LENGTH = 24;
const EVERY = 3;
const MIDDLE = LENGTH / 2;
const isScored = (index) => (values.run === undefined ? index % EVERY === 1 : index === MIDDLE);
/** Frames on either side of a scored one whose poses have a say in it, or might. */
const AROUND = 4;
const isEstimated = (index) => values.run === undefined || Math.abs(index - MIDDLE) <= AROUND;
/** IoU of the two boxes. */
const BINS = [0, 0.1, 0.3, 0.5, 1];
const FPS = 25;

/** The labelled people of the clips, chosen by the seed. */
function clipsOf(random) {
  const { clips, joint_names: names } = JSON.parse(readFileSync(path.join(data, 'jhmdb/index.json'), 'utf8'));
  const long = (name) => name.replace(/^r_/, 'right_').replace(/^l_/, 'left_');
  const places = LIMB_JOINTS.map((name) => names.map(long).indexOf(name));
  const own = clips.filter(({ split, frames }) => split === values.list && frames >= LENGTH);
  const drawn = own.map((clip) => ({ clip, at: random() })).sort((a, b) => a.at - b.at).slice(0, Number(values.clips)); // prettier-ignore
  return drawn.map(({ clip: { video, frames, joints } }) => {
    const first = Math.floor((frames - LENGTH) / 2);
    const people = joints.slice(first, first + LENGTH).map((frame) => places.flatMap((place) => frame[place]));
    return { name: path.parse(video).name, file: path.join(data, 'jhmdb', video), first, people };
  });
}

function within({ x, y, width, height }, image) {
  const [left, top] = [Math.max(0, x), Math.max(0, y)];
  return { x: left, y: top, width: Math.max(0, Math.min(image.width, x + width) - left), height: Math.max(0, Math.min(image.height, y + height) - top) }; // prettier-ignore
}

/** Joints outside the picture are not labelled. */
function inSight(joints, { width, height }) {
  return joints.map((_, i) => {
    const [x, y] = [joints[i - (i % 2)], joints[i - (i % 2) + 1]];
    return x >= 0 && y >= 0 && x < width && y < height ? joints[i] : NaN;
  });
}

/**
 * One composite.
 * @returns { name, images, frames: [{ labelled, pasted }] }, each { joints: 12 × (x, y), hidden: [12], box, limit }
 */
async function compose(clip, people, random) {
  const images = await plain(clip);
  const cutOut = people[Math.floor(random() * people.length)];
  const from = Math.floor(random() * Math.max(1, cutOut.frames.length - LENGTH));
  const flip = random() < 0.5;
  const boxes = clip.people.map((joints) => within(enlarged(extent(joints)), images[0]));
  const tallest = Math.max(...boxes.map(({ height }) => height));
  const scale = ((0.75 + 0.4 * random()) * tallest) / cutOut.height;
  const side = random() < 0.5 ? -1 : 1;
  // Centre to centre, in mean widths: from beside the labelled person to in front of them, or past them to the other side.
  const [begin, end] = [side * (0.9 + 0.5 * random()), side * (0.5 - 1.4 * random())];
  const lower = 0.08 * (random() - 0.5) * tallest;
  const frames = [];
  for (const [t, image] of images.entries()) {
    const cut = await scaled(cutOut.frames[Math.min(from + t, cutOut.frames.length - 1)], scale, flip);
    const box = boxes[t];
    const away = (begin + ((end - begin) * t) / (LENGTH - 1)) * (box.width + cut.width) * 0.5;
    const left = Math.round(box.x + box.width / 2 + away - cut.width / 2);
    const top = Math.round(box.y + box.height + lower - cut.height);
    const placed = { ...cut, left, top };
    image.data = pasted({ ...image, x: 0, y: 0 }, placed).data;
    const joints = clip.people[t];
    const hidden = LIMB_JOINTS.map((_, k) => covers(placed, joints[2 * k], joints[2 * k + 1]));
    const own = limbsOf(cut).map((value, i) => value + (i % 2 ? top : left));
    const { width, height } = extent(joints);
    frames.push({
      labelled: { joints: inSight(joints, image), hidden, box, limit: 0.1 * Math.max(width, height) },
      pasted: { joints: inSight(own, image), hidden: [], box: within({ x: left, y: top, width: cut.width, height: cut.height }, image), limit: 0.1 * Math.max(cut.width, cut.height) }, // prettier-ignore
    });
  }
  return { name: `${clip.name}+${cutOut.name}`, images, frames };
}

/** Whether each of the person's joints is right in a prediction; null where it is not labelled. */
function rightJoints({ joints, limit }, found, names) {
  return LIMB_JOINTS.map((name, k) => {
    if (Number.isNaN(joints[2 * k])) return null;
    const joint = found?.joints[names.indexOf(name)];
    return Boolean(joint) && Math.hypot(joint.x - joints[2 * k], joint.y - joints[2 * k + 1]) < limit;
  });
}

/** The predictions of the labelled and the pasted person. */
function assigned(people, found, names) {
  const worth = people.map((person) =>
    found.map((prediction) => {
      const overlap = iou(person.box, prediction.box);
      const right = rightJoints(person, prediction, names).filter((is) => is !== null);
      return overlap < 0.1 ? -1 : overlap + right.filter(Boolean).length / Math.max(1, right.length);
    }),
  );
  let best = { sum: 0, own: people.map(() => null) };
  const [a, b = []] = worth;
  for (let p = -1; p < found.length; p++) {
    for (let q = -1; q < (b.length > 0 ? found.length : 0); q++) {
      if (p === q && p >= 0) continue;
      const sum = (p < 0 ? 0 : a[p]) + (q < 0 ? 0 : b[q]);
      if (sum > best.sum) best = { sum, own: [found[p] ?? null, found[q] ?? null].slice(0, people.length) };
    }
  }
  return best.own;
}

const random = randomFrom(Number(values.seed));
const pool = await cutOuts(data, values.list);
const clips = clipsOf(random);
const composites = [];
for (const clip of clips) composites.push(await compose(clip, pool, random));
if (values.save) {
  for (const { name, images } of composites) {
    mkdirSync(path.join(values.save, name), { recursive: true });
    for (const [t, { width, height, data: pixels }] of images.entries()) {
      await sharp(pixels, { raw: { width, height, channels: 3 } }).png().toFile(path.join(values.save, name, `${String(t).padStart(6, '0')}.png`)); // prettier-ignore
    }
  }
}

/** The frames with nobody pasted. */
async function plain({ file, first }) {
  return (await imagesOf(file, { first, count: LENGTH })).images;
}

/** The frames with a run of degraded ones in their middle; drawn by the clip, the same for every method. */
async function spoiled(images, { box, joints }, clip) {
  const run = Number(values.run ?? 0);
  if (run === 0) return images;
  const random = new Random(Number(values.seed), clip.name, 'degraded');
  const [kind] = random.some(['motion-blur', 'defocus', 'occlusion'], 1);
  const places = LIMB_JOINTS.map((_, k) => ({ x: joints[2 * k], y: joints[2 * k + 1] })).filter(({ x, y }) => !Number.isNaN(x + y)); // prettier-ignore
  const subject = { size: Math.max(box.width, box.height), joints: places, direction: null, texture: images[MIDDLE] };
  const degrade = drawDegradation(kind, subject, random);
  return Promise.all(
    images.map((image, t) => (Math.abs(t - MIDDLE) <= run / 2 ? degrade({ ...image, x: 0, y: 0 }) : image)),
  );
}

/** What came of every scored frame of every composite. */
async function measure(model, people, agreement) {
  const { joints: names } = model.estimator;
  const clipsOfFrames = [];
  for (const [c, { images, frames }] of composites.entries()) {
    const scored = [];
    const truth = (index) => [frames[index].labelled, frames[index].pasted];
    const detect = async ({ index }) => truth(index).map(({ box }, trackId) => ({ box, score: 1, trackId })).filter(({ box }) => box.width > 4 && box.height > 4); // prettier-ignore
    const options = { only: isEstimated, agreement, ...(people === 'known' ? { detect } : {}) };
    const clean = people === 'alone' ? await plain(clips[c]) : images;
    const source = videoOf(await spoiled(clean, frames[MIDDLE].labelled, clips[c]), FPS);
    for await (const { index, people: found } of estimateVideo(source, model, options)) {
      if (!isScored(index)) continue;
      const persons = people === 'alone' ? [frames[index].labelled] : truth(index);
      const own = assigned(persons, found, names);
      const right = persons.map((person, p) => rightJoints(person, own[p], names));
      const pairs = doubledPairs(found.map(labelledPose), names);
      const { labelled, pasted } = frames[index];
      const doubled = new Set(pairs.flatMap(({ first, second }) => [first, second])).size;
      scored.push({ overlap: iou(labelled.box, pasted.box), hidden: labelled.hidden, right, found: own.map((one) => one !== null), doubled, people: found.length }); // prettier-ignore
    }
    clipsOfFrames.push(scored);
  }
  return clipsOfFrames;
}

function summed(clipsOfFrames, counts) {
  const share = (of) =>
    ratioWithInterval(
      clipsOfFrames.map((frames) => {
        const some = frames.filter(counts).flatMap(of);
        return { right: some.filter(Boolean).length, all: some.length };
      }),
    );
  const joints = (who, which) => share(({ right, hidden }) => (right[who] ?? []).filter((is, k) => is !== null && which(hidden[k]))); // prettier-ignore
  const all = clipsOfFrames.flat().filter(counts);
  const sum = (of) => all.reduce((total, frame) => total + of(frame), 0);
  return {
    frames: all.length,
    labelled: joints(0, () => true),
    visible: joints(0, (hidden) => !hidden),
    hidden: joints(0, (hidden) => hidden),
    pasted: joints(1, () => true),
    foundLabelled: share(({ found }) => [found[0]]),
    foundPasted: share(({ found }) => (found.length > 1 ? [found[1]] : [])),
    doubled: (100 * sum(({ doubled }) => doubled)) / sum(({ people }) => people),
  };
}

const results = {};
for (const method of values.method.split(',')) {
  const model = await loadModel(values.model, { method: method === 'head' ? 'glpose' : method, device: 'cpu' });
  for (const people of values.people.split(',')) {
    const frames = await measure(model, people, method !== 'head');
    const bins = BINS.slice(1).map((high, i) => [`${BINS[i]}–${high}`, ({ overlap }) => overlap >= BINS[i] && overlap < high]); // prettier-ignore
    const rows = [...bins, ['overlapping (0.1–1)', ({ overlap }) => overlap >= BINS[1]]];
    results[`${method}, ${people}`] = Object.fromEntries(rows.map(([name, counts]) => [name, summed(frames, counts)]));
  }
  await model.dispose();
}

if (values.json) console.log(JSON.stringify(results, null, 2));
else {
  const rows = Object.entries(results).flatMap(([run, bins]) =>
    Object.entries(bins).map(([name, bin]) => [
      run, name, bin.frames, inWords(bin.labelled), inWords(bin.visible), inWords(bin.hidden), inWords(bin.pasted), inWords(bin.foundLabelled), inWords(bin.foundPasted), bin.doubled.toFixed(1),
    ]),
  ); // prettier-ignore
  printTable(['run', 'overlap', 'frames', 'PCK@0.1, labelled', '… joints in sight', '… hidden joints', 'PCK@0.1, pasted', 'labelled found, %', 'pasted found, %', 'doubled, %'], rows); // prettier-ignore
}
