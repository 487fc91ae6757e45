/*
 * People who are not upright: PCK@0.1 of the limb joints of whole runs on photographs labelled by hand, each a video of its own.
 *   node scripts/people/lying.mjs [--split train|validation|test] [--method single-frame,glpose] [--json] <shared/data>
 *   LSPET   athletes as they are, one labelled a photo; by the labelled trunk, who is upright (within 45 degrees) and who is not
 *   turned  everyone of the COCO stills (train, validation) and half of the upright ones of LSPET, the whole photo turned by quarters: for a net that sees
 *           people however they lie, all turns are alike
 * Who is found and who is labelled belong together by their boxes, as in stills.mjs; of who is not found, no joint is right. Intervals: bootstrap over photos.
 */
import { parseArgs } from 'node:util';
import sharp from 'sharp';
import { LIMB_JOINTS } from '../../dist/src/evaluation/quality/doubled.js';
import { estimateVideo, loadModel } from '../../dist/src/index.js';
import { cocoStills, leedsSportsPose } from './labelled-photos.mjs';
import { inWords, printTable, ratioWithInterval, videoOf } from './material.mjs';
import { byBoxes } from './poses.mjs';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    split: { type: 'string', default: 'validation' },
    method: { type: 'string', default: 'single-frame,glpose' },
    model: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});
const [data] = positionals;
const RIGHT = 0.1;

/** Whether the trunk points down, within 45 degrees; undefined where the labels do not say. */
function isUpright({ labels }) {
  const [ls, rs, lh, rh] = ['left_shoulder', 'right_shoulder', 'left_hip', 'right_hip'].map((name) => labels[name]);
  if (!ls || !rs || !lh || !rh) return undefined;
  const [x, y] = [lh.x + rh.x - ls.x - rs.x, lh.y + rh.y - ls.y - rs.y];
  return y > Math.abs(x);
}

/** A photo turned clockwise by quarters, with its people. */
async function turned({ file, people }, quarters) {
  const image = sharp(file).rotate(90 * quarters).toColourspace('srgb').removeAlpha(); // prettier-ignore
  const { data, info } = await image.raw().toBuffer({ resolveWithObject: true });
  const { width, height } = info;
  const place = ({ x, y }) => {
    if (quarters === 1) return { x: width - 1 - y, y: x };
    if (quarters === 2) return { x: width - 1 - x, y: height - 1 - y };
    return quarters === 3 ? { x: y, y: height - 1 - x } : { x, y };
  };
  const turn = ({ box, labels }) => {
    const [a, b] = [place(box), place({ x: box.x + box.width, y: box.y + box.height })];
    const there = { x: Math.min(a.x, b.x), y: Math.min(a.y, b.y), width: Math.abs(a.x - b.x), height: Math.abs(a.y - b.y) }; // prettier-ignore
    return { box: there, labels: Object.fromEntries(Object.entries(labels).map(([name, joint]) => [name, place(joint)])) }; // prettier-ignore
  };
  return { image: { width, height, data: new Uint8Array(data) }, people: people.map(turn) };
}

/** Of each photo, { right, all } over the joints of the people labelled in it. */
async function measure(photos, quarters, model) {
  const names = model.estimator.joints;
  const clusters = [];
  for (const photo of photos) {
    const { image, people } = await turned(photo, quarters);
    const cluster = { right: 0, all: 0 };
    for await (const { people: found } of estimateVideo(videoOf([image]), model)) {
      const same = byBoxes(people, found);
      for (const [p, { box, labels }] of people.entries()) {
        for (const [k, name] of names.entries()) {
          if (!LIMB_JOINTS.includes(name) || !labels[name]) continue;
          cluster.all++;
          const joint = same[p]?.joints[k];
          const isRight = joint && Math.hypot(joint.x - labels[name].x, joint.y - labels[name].y) < RIGHT * Math.max(box.width, box.height); // prettier-ignore
          if (isRight) cluster.right++;
        }
      }
    }
    clusters.push(cluster);
  }
  return ratioWithInterval(clusters);
}

const athletes = leedsSportsPose(data, values.split);
const upright = athletes.filter(({ people: [person] }) => isUpright(person));
const half = upright.filter((_, i) => i % 2 === 0);
const stills = cocoStills(data, values.split);
const QUARTERS = [0, 1, 2, 3];
const sets = [
  ['LSPET, all', athletes, 0],
  ['… upright', upright, 0],
  ['… not upright', athletes.filter(({ people: [person] }) => isUpright(person) === false), 0],
  ...QUARTERS.map((quarters) => [`… half of the upright ones, turned by ${90 * quarters}°`, half, quarters]),
  ...(stills.length > 0 ? QUARTERS.map((quarters) => [`COCO stills, turned by ${90 * quarters}°`, stills, quarters]) : []), // prettier-ignore
];
const methods = values.method.split(',');
const table = Object.fromEntries(sets.map(([name, photos]) => [name, { photos: photos.length }]));
for (const method of methods) {
  const model = await loadModel(values.model ?? 'glpose-movenet', { method, device: 'cpu' });
  for (const [name, photos, quarters] of sets) table[name][method] = await measure(photos, quarters, model);
  await model.dispose();
}
if (values.json) console.log(JSON.stringify(table, null, 2));
else printTable(['', 'photos', ...methods], Object.entries(table).map(([name, row]) => [name, row.photos, ...methods.map((method) => inWords(row[method]))])); // prettier-ignore
