/*
 * People in photographs labelled by hand, each a video of its own:
 *   node scripts/people/stills.mjs [--method single-frame,glpose] [--flip] [--oks-nms 0.9] [--no-share-out] [--no-agreement] [--model <bundle>] [--json] <shared/data>
 * COCO stills (the validation split), and the images of CrowdPose and OCHuman in mmpose-testdata.
 *   recall   people whose box was found (IoU ≥ 0.5), by their height in pixels
 *   box AP   101 recall points, IoU 0.50 … 0.95, as COCO's; crowd regions count for nobody
 *   PCK@0.1  a tenth of the box's larger side; whose pose is whose is known by the boxes (IoU ≥ 0.3, one each); of people who
 *            were not found no joint is right
 *   OKS-AP   as `glpose eval --metric coco-oks`; of the overlapping: all others are ignored, as crowd regions are
 * PCK and OKS-AP are over the 12 joints of arms and legs, which every method gives.
 * Overlapping: the box's IoU with another annotated person's is 0.1 or more. Intervals: bootstrap over images.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { labelledPose } from '../../dist/src/evaluation/quality/check.js';
import { LIMB_JOINTS } from '../../dist/src/evaluation/quality/doubled.js';
import { estimateVideo, evaluateOks, loadModel } from '../../dist/src/index.js';
import { pixelsOf } from './labelled-photos.mjs';
import { inWords, printTable, ratioWithInterval, videoOf } from './material.mjs';
import { byBoxes, iou } from './poses.mjs';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    method: { type: 'string', default: 'single-frame,glpose' },
    split: { type: 'string', default: 'validation' },
    flip: { type: 'boolean', default: false },
    'oks-nms': { type: 'string', default: '1' },
    'no-share-out': { type: 'boolean', default: false },
    'no-agreement': { type: 'boolean', default: false },
    model: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});
const [data] = positionals;
const OPTIONS = {
  oksNms: Number(values['oks-nms']),
  shareOut: !values['no-share-out'],
  agreement: !values['no-agreement'],
};
const HEIGHTS = [0, 24, 48, 100, 200, Infinity];
const OVERLAPPING = 0.1;
const SETS = {
  'COCO stills': {
    file: 'people/coco/person_keypoints.json',
    images: 'people/coco/images',
    of: ({ split }) => split === values.split,
  },
  CrowdPose: { file: 'mmpose-testdata/crowdpose/test_crowdpose.json', images: 'mmpose-testdata/crowdpose' },
  OCHuman: { file: 'mmpose-testdata/ochuman/test_ochuman.json', images: 'mmpose-testdata/ochuman' },
};

/** The images of a set with everyone annotated in them. */
function readSet({ file, images, of = () => true }) {
  const document = JSON.parse(readFileSync(path.join(data, file), 'utf8'));
  const places = LIMB_JOINTS.map((name) => 3 * document.categories[0].keypoints.indexOf(name));
  return document.images.filter(of).map((image) => {
    const people = document.annotations
      .filter(({ image_id: id }) => id === image.id)
      .map(({ bbox: [x, y, width, height], iscrowd, keypoints, area }) => ({
        joints: Float64Array.from(places.flatMap((at) => (keypoints[at + 2] > 0 ? keypoints.slice(at, at + 3) : [NaN, NaN, 0]))), // prettier-ignore
        box: { x, y, width, height },
        area: area ?? null,
        crowd: iscrowd === 1,
        trackId: null,
        headBox: null,
        score: null,
      }));
    for (const person of people) {
      const others = people.filter((other) => other !== person && !other.crowd);
      person.overlapping = !person.crowd && others.some((other) => iou(other.box, person.box) >= OVERLAPPING);
    }
    return { name: String(image.id), file: path.join(data, images, image.file_name), people };
  });
}

async function estimate(file, model) {
  for await (const { people } of estimateVideo(videoOf([await pixelsOf(file)]), model, OPTIONS)) return people;
}

/** People found and not, per range of heights. */
function recall(images) {
  return HEIGHTS.slice(1).map((high, i) => {
    const counts = images.map(({ people, found }) => {
      const real = people.filter(({ crowd }) => !crowd);
      const boxes = byBoxes(real, found, 0.5);
      const inRange = real.map(({ box }) => box.height >= HEIGHTS[i] && box.height < high);
      return { right: boxes.filter((box, p) => box && inRange[p]).length, all: inRange.filter(Boolean).length };
    });
    const [right, all] = ['right', 'all'].map((key) => counts.reduce((sum, count) => sum + count[key], 0));
    return { from: HEIGHTS[i], to: high, right, all };
  });
}

/** COCO's AP of boxes at one IoU, percent. */
function boxAp(images, threshold) {
  const marks = images.flatMap(({ people, found }) => {
    const taken = new Set();
    return [...found]
      .sort((a, b) => b.boxScore - a.boxScore)
      .flatMap(({ box, boxScore }) => {
        const best = people
          .map((person, p) => ({ person, p, overlap: person.crowd ? 0 : iou(person.box, box) }))
          .filter(({ p, overlap }) => overlap >= threshold && !taken.has(p))
          .sort((a, b) => b.overlap - a.overlap)[0];
        if (best) taken.add(best.p);
        else if (people.some((person) => person.crowd && shareWithin(box, person.box) >= threshold)) return [];
        return [{ score: boxScore, right: best !== undefined }];
      });
  });
  marks.sort((a, b) => b.score - a.score);
  const positives = images.reduce((sum, { people }) => sum + people.filter(({ crowd }) => !crowd).length, 0);
  let right = 0;
  const points = marks.map((mark, i) => ({ recall: (right += Number(mark.right)) / positives, precision: right / (i + 1) })); // prettier-ignore
  for (let i = points.length - 2; i >= 0; i--) points[i].precision = Math.max(points[i].precision, points[i + 1].precision); // prettier-ignore
  const sampled = Array.from(
    { length: 101 },
    (_, i) => points.find((point) => point.recall >= i / 100)?.precision ?? 0,
  );
  return (100 * sampled.reduce((a, b) => a + b, 0)) / 101;
}

function shareWithin(box, region) {
  const width = Math.min(box.x + box.width, region.x + region.width) - Math.max(box.x, region.x);
  const height = Math.min(box.y + box.height, region.y + region.height) - Math.max(box.y, region.y);
  return width > 0 && height > 0 ? (width * height) / (box.width * box.height) : 0;
}

/** Joints found within a tenth of the box's larger side, per image. */
function pck(images, jointsFound, counts) {
  return images.map(({ people, found }) => {
    const real = people.filter(({ crowd }) => !crowd);
    const own = byBoxes(real, found);
    let [right, all] = [0, 0];
    for (const [p, person] of real.entries()) {
      if (!counts(person)) continue;
      const limit = 0.1 * Math.max(person.box.width, person.box.height);
      for (const [k, name] of LIMB_JOINTS.entries()) {
        if (Number.isNaN(person.joints[3 * k])) continue;
        all++;
        const joint = own[p]?.joints[jointsFound.indexOf(name)];
        if (joint && Math.hypot(joint.x - person.joints[3 * k], joint.y - person.joints[3 * k + 1]) < limit) right++;
      }
    }
    return { right, all };
  });
}

function oksAp(images, jointsFound, counts) {
  const sequences = (of, joints) =>
    images.map((image) => ({
      name: image.name,
      file: `${image.name}.json`,
      alone: true,
      joints,
      frames: [{ name: image.name, imageId: null, labelled: true, ignoreRegions: [], people: of(image), listed: 1 }],
    }));
  const truth = sequences(
    ({ people }) => people.map((person) => ({ ...person, crowd: person.crowd || !counts(person) })),
    LIMB_JOINTS,
  );
  const found = sequences((image) => image.found.map(labelledPose), jointsFound);
  return evaluateOks(truth, found).ap;
}

const everyone = () => true;
const overlapping = (person) => person.overlapping;
const results = {};
for (const method of values.method.split(',')) {
  const model = await loadModel(values.model, { method, device: 'cpu', flip: values.flip });
  const { joints } = model.estimator;
  results[method] = {};
  for (const [name, set] of Object.entries(SETS)) {
    const images = readSet(set);
    const before = process.cpuUsage();
    for (const image of images) image.found = await estimate(image.file, model);
    const { user, system } = process.cpuUsage(before);
    const aps = Array.from({ length: 10 }, (_, i) => boxAp(images, 0.5 + 0.05 * i));
    const real = images.flatMap(({ people }) => people.filter(({ crowd }) => !crowd));
    results[method][name] = {
      images: images.length,
      cpuSeconds: (user + system) / 1e6,
      people: real.length,
      overlapping: real.filter(overlapping).length,
      recall: recall(images),
      boxAp: aps.reduce((a, b) => a + b, 0) / 10,
      boxAp50: aps[0],
      pck: ratioWithInterval(pck(images, joints, everyone)),
      pckOverlapping: ratioWithInterval(pck(images, joints, overlapping)),
      oksAp: oksAp(images, joints, everyone),
      oksApOverlapping: oksAp(images, joints, overlapping),
    };
  }
  await model.dispose();
}

if (values.json) console.log(JSON.stringify(results, null, 2));
else {
  const ranges = HEIGHTS.slice(1).map((high, i) => (high === Infinity ? `${HEIGHTS[i]}+` : `${HEIGHTS[i]}–${high}`));
  const rows = Object.entries(results).flatMap(([method, sets]) =>
    Object.entries(sets).map(([name, set]) => [
      method, name, set.images, `${set.people} (${set.overlapping})`, ...set.recall.map(({ right, all }) => `${right}/${all}`),
      set.boxAp.toFixed(1), set.boxAp50.toFixed(1), inWords(set.pck), inWords(set.pckOverlapping), set.oksAp.toFixed(1), set.oksApOverlapping.toFixed(1), set.cpuSeconds.toFixed(0),
    ]),
  ); // prettier-ignore
  printTable(['method', 'set', 'images', 'people (overlapping)', ...ranges.map((range) => `recall ${range} px`), 'box AP', 'AP50', 'PCK@0.1', '… overlapping', 'OKS-AP', '… overlapping', 'CPU s'], rows); // prettier-ignore
}
