/*
 * People larger than the frame: how many are found, in close-ups cut out of photographs labelled by hand:
 *   node scripts/people/close-ups.mjs [--scales 256,512] [--split train] [--every 4] <shared/data>
 * Everyone of the COCO stills who is 150 pixels high and has six joints or more, and every so manieth of those who stand upright in LSPET. The head is in
 * sight, and the frame shows all of the person, or is 1.4, 2 or 3 times less high; beside the middle, the person is cut off by the left and the right
 * edge, too.
 *   found    a detection scored 0.25 or more has half of the labelled joints in sight right in its coarse pose, within a fifth of their extent
 *   joints   right ones of all in sight; none of people who are not found
 * Intervals: bootstrap over people.
 * --scales: others than those at which a frame without known people is looked at.
 */
import { parseArgs } from 'node:util';
import sharp from 'sharp';
import { scalesOf } from '../../dist/src/detection/scales.js';
import { Looks } from '../../dist/src/estimation/looks.js';
import { COCO_JOINTS, loadModel } from '../../dist/src/index.js';
import { cocoStills, leedsSportsPose } from './labelled-photos.mjs';
import { inWords, printTable, ratioWithInterval } from './material.mjs';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    scales: { type: 'string' },
    split: { type: 'string', default: 'validation' },
    every: { type: 'string', default: '1' },
  },
});
const [data] = positionals;
const CUTS = [1, 1.4, 2, 3];
/** How far from the middle the person stands, as a share of the frame's width. */
const ASIDE = 0.35;
const ASPECT = 4 / 3;
/** Of the person's extent: what is added for head and feet, and what is above the head. */
const [WHOLE, ABOVE] = [1.15, 0.12];
const [FOUND_SCORE, FOUND_SHARE, RIGHT] = [0.25, 0.5, 0.2];

/** The labels of COCO joints: [{ q, x, y }]. */
const jointsOf = (labels) => COCO_JOINTS.flatMap((name, q) => (labels[name] ? [{ q, ...labels[name] }] : []));

function cocoPeople() {
  return cocoStills(data, values.split).flatMap(({ file, people }) =>
    people
      .filter(({ box, labels }) => Object.keys(labels).length >= 6 && box.height >= 150)
      .map(({ labels }) => ({ set: 'COCO', file, joints: jointsOf(labels) })),
  );
}

function lspetPeople() {
  return leedsSportsPose(data, values.split).flatMap(({ file, people: [{ labels }] }) => {
    const { head_top: head, left_hip: hip, left_knee: knee } = labels;
    const isUpright = head && hip && knee && head.y < hip.y - 20 && hip.y < knee.y;
    return isUpright ? [{ set: 'LSPET', file, joints: jointsOf(labels) }] : [];
  });
}

/** The frame that shows a person cut off so much, with the joints in sight. */
async function closeUp({ file, joints }, cut, aside) {
  const { width, height } = await sharp(file).metadata();
  const [xs, ys] = [joints.map(({ x }) => x), joints.map(({ y }) => y)];
  const extent = (Math.max(...ys) - Math.min(...ys)) * WHOLE;
  const h = cut === 1 ? extent * 1.3 : extent / cut;
  const highest = joints.find(({ y }) => y === Math.min(...ys));
  const centre = (cut > 1.5 ? highest.x : (Math.max(...xs) + Math.min(...xs)) / 2) + aside * ASIDE * h * ASPECT;
  const within = (at, size, all) => Math.round(Math.max(0, Math.min(all - size, at)));
  const left = within(centre - (h * ASPECT) / 2, h * ASPECT, width);
  const top = within(Math.min(...ys) - (ABOVE + (cut === 1 ? 0.1 : 0)) * extent, h, height);
  const size = { width: Math.min(Math.round(h * ASPECT), width - left), height: Math.min(Math.round(h), height - top) };
  if (Math.min(size.width, size.height) < 20) return null;
  const pixels = await sharp(file)
    .toColourspace('srgb')
    .removeAlpha()
    .extract({ left, top, ...size })
    .raw()
    .toBuffer();
  const seen = joints
    .map(({ q, x, y }) => ({ q, x: x - left, y: y - top }))
    .filter(({ x, y }) => x >= 0 && x < size.width && y >= 0 && y < size.height);
  return seen.length < 3 ? null : { frame: { index: 0, ...size, data: new Uint8Array(pixels) }, seen };
}

/** Joints right of the detection that shows the person; 0 where none does. */
function rightOf(detections, seen, { height }) {
  const span = (of) => Math.max(...seen.map(of)) - Math.min(...seen.map(of));
  const reach = RIGHT * Math.max(height / 2, span(({ x }) => x), span(({ y }) => y)); // prettier-ignore
  const right = ({ coarsePose: pose }) => seen.filter(({ q, x, y }) => Math.hypot(pose[2 * q] - x, pose[2 * q + 1] - y) < reach).length; // prettier-ignore
  const best = detections.find((one) => one.score >= FOUND_SCORE && right(one) >= FOUND_SHARE * seen.length);
  return best ? right(best) : 0;
}

const model = await loadModel(undefined, { method: 'single-frame' });
const people = [...cocoPeople(), ...lspetPeople()].filter((_, i) => i % Number(values.every) === 0);
const rows = new Map();
for (const person of people) {
  for (const cut of CUTS) {
    const found = { right: 0, all: 0 };
    const joints = { right: 0, all: 0 };
    for (const aside of cut === 1 ? [0] : [0, -1, 1]) {
      const made = await closeUp(person, cut, aside);
      if (!made) continue;
      const { frame, seen } = made;
      const scales = values.scales ? values.scales.split(',').map(Number) : scalesOf([], frame);
      const right = rightOf(await new Looks(model.detector, 0.1).everyone(frame, scales), seen, frame);
      Object.assign(found, { right: found.right + (right > 0 ? 1 : 0), all: found.all + 1 });
      Object.assign(joints, { right: joints.right + right, all: joints.all + seen.length });
    }
    if (found.all === 0) continue;
    const key = `${person.set}, ${cut === 1 ? 'whole' : `${cut} frames high`}`;
    const row = rows.get(key) ?? rows.set(key, { found: [], joints: [] }).get(key);
    row.found.push(found);
    row.joints.push(joints);
  }
}
await model.dispose();
printTable(
  ['people', 'close-ups', 'found, %', 'joints right, %'],
  [...rows].map(([key, { found, joints }]) => [key, found.reduce((sum, { all }) => sum + all, 0), inWords(ratioWithInterval(found)), inWords(ratioWithInterval(joints))]), // prettier-ignore
);
