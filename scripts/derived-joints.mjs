/*
 * Where neck and head top lie on the line from the middle of the shoulders through the head, for nets that know neither:
 * the constants of src/estimation/derived-joints.ts. Reads Leeds Sports Pose Extended as joints.json + images/.
 *
 *   node scripts/derived-joints.mjs <folder of the data set>
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import sharp from 'sharp';
import { Model } from '../dist/src/estimation/model.js';
import { windowOf } from '../dist/src/geometry/window.js';

const PHOTOS = 500;
const SURE = 0.3; // a source joint's score

const folder = process.argv[2];
const { joint_names: short, images } = JSON.parse(readFileSync(path.join(folder, 'joints.json'), 'utf8'));
const names = short.map((name) => name.replace(/^r_/, 'right_').replace(/^l_/, 'left_'));
const model = await Model.load('glpose-movenet', { method: 'single-frame', device: 'cpu' });
const estimated = model.estimator.joints;

/** shares[source][target]: one number a photo */
const shares = { ears: { neck: [], head_top: [] }, nose: { neck: [], head_top: [] } };
for (const { image, joints } of images.filter(({ split }) => split === 'train').slice(0, PHOTOS)) {
  const labelled = new Map(joints.flatMap(([x, y, known], i) => (known ? [[names[i], [x, y]]] : [])));
  const { data, info } = await sharp(path.join(folder, 'images', image)).removeAlpha().toColourspace('srgb').raw().toBuffer({ resolveWithObject: true }); // prettier-ignore
  const window = windowOf(extent([...labelled.values()]), model.net.aspect);
  const [pose] = await model.estimator.estimate([{ ...info, data, index: 0, people: [{ trackId: 0, window }] }]);
  const seen = (name) => pose.joints[estimated.indexOf(name)].score >= SURE && pose.joints[estimated.indexOf(name)];
  const shoulders = middle([seen('left_shoulder'), seen('right_shoulder')], 2);
  const heads = { ears: middle([seen('left_ear'), seen('right_ear')], 1), nose: middle([seen('nose')], 1) };
  for (const [source, head] of Object.entries(heads)) {
    for (const target of ['neck', 'head_top']) {
      const place = labelled.get(target);
      if (!shoulders || !head || !place) continue;
      const [ux, uy] = [head[0] - shoulders[0], head[1] - shoulders[1]];
      if (Math.hypot(ux, uy) * 50 < window.height) continue; // no line to speak of
      const share = ((place[0] - shoulders[0]) * ux + (place[1] - shoulders[1]) * uy) / (ux * ux + uy * uy);
      shares[source][target].push(share);
    }
  }
}
await model.dispose();
for (const [source, targets] of Object.entries(shares)) {
  for (const [target, values] of Object.entries(targets)) {
    values.sort((a, b) => a - b);
    console.log(`${target} from ${source}: ${values[values.length >> 1].toFixed(2)} (${values.length} photos)`);
  }
}

function middle(joints, needed) {
  const there = joints.filter(Boolean);
  if (there.length < needed) return null;
  return ['x', 'y'].map((axis) => there.reduce((sum, joint) => sum + joint[axis], 0) / there.length);
}

/** The joints' extent, a tenth larger on every side. */
function extent(places) {
  const [x0, y0, x1, y1] = [Math.min, Math.max].flatMap((most) =>
    [0, 1].map((axis) => most(...places.map((p) => p[axis]))),
  );
  return { x: x0 - 0.1 * (x1 - x0), y: y0 - 0.1 * (y1 - y0), width: 1.2 * (x1 - x0), height: 1.2 * (y1 - y0) };
}
