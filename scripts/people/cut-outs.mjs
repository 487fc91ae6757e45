/* People cut out of pictures: by hand-drawn polygons (COCO stills) and by the masks of moving people (DAVIS). */
import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import sharp from 'sharp';
import { LIMB_JOINTS } from '../../dist/src/evaluation/quality/doubled.js';

/** The DAVIS sequences of each list: nobody is pasted in both. */
const SEQUENCES = { test: ['breakdance', 'dance-twirl'], validation: ['parkour'] };
/** Smaller ones would have to be enlarged. */
const SMALLEST = { height: 120, joints: 8 };

/**
 * Everyone who can be pasted.
 * @param data shared/data
 * @param list test or validation
 * @returns [{ name, height, frames, at(i) → { rgba, width, height, joints } }]: RGBA pixels, and the limb joints within them
 *   (12 × (x, y), NaN where unknown); `height` is the tallest of all frames, before scaling
 */
export async function cutOuts(data, list) {
  return [...stills(data, list), ...(await Promise.all(SEQUENCES[list].map((name) => sequence(data, name))))];
}

function stills(data, list) {
  const folder = path.join(data, 'people/coco');
  const { images, annotations, categories } = JSON.parse(
    readFileSync(path.join(folder, 'person_keypoints.json'), 'utf8'),
  );
  const places = LIMB_JOINTS.map((name) => 3 * categories[0].keypoints.indexOf(name));
  const wanted = annotations.filter(
    ({ iscrowd, bbox, num_keypoints: count }) => !iscrowd && bbox[3] >= SMALLEST.height && count >= SMALLEST.joints,
  );
  return wanted.flatMap(({ image_id: id, bbox, segmentation, keypoints, ...annotation }) => {
    const image = images.find((some) => some.id === id);
    if ((image.split === 'validation') !== (list === 'test')) return [];
    const [left, top] = [Math.floor(bbox[0]), Math.floor(bbox[1])];
    const [width, height] = [Math.min(image.width - left, Math.ceil(bbox[2]) + 1), Math.min(image.height - top, Math.ceil(bbox[3]) + 1)]; // prettier-ignore
    const cut = async () => {
      const polygons = segmentation.map(
        (points) => `M${points.map((value, i) => value - (i % 2 ? top : left)).join(' ')}Z`,
      );
      const mask = Buffer.from(`<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}"><path d="${polygons.join('')}"/></svg>`); // prettier-ignore
      const alpha = await sharp(mask).ensureAlpha().extractChannel(3).raw().toBuffer();
      return { rgb: sharp(path.join(folder, 'images', image.file_name)).extract({ left, top, width, height }), alpha, width, height }; // prettier-ignore
    };
    const joints = places.flatMap((at) => (keypoints[at + 2] > 0 ? [keypoints[at] - left, keypoints[at + 1] - top] : [NaN, NaN])); // prettier-ignore
    return [{ name: `coco-${annotation.id}`, height, frames: 1, at: async () => ({ ...(await cut()), joints }) }];
  });
}

async function sequence(data, name) {
  const folder = path.join(data, 'people/mattes', name);
  const stems = readdirSync(path.join(folder, 'masks')).sort().map((file) => path.parse(file).name); // prettier-ignore
  const masks = await Promise.all(stems.map((stem) => maskOf(path.join(folder, 'masks', `${stem}.png`))));
  const seen = stems.map((stem, i) => ({ stem, ...masks[i] })).filter(({ height }) => height >= SMALLEST.height);
  const at = async (i) => {
    const { stem, left, top, width, height, alpha } = seen[i];
    const rgb = sharp(path.join(folder, 'images', `${stem}.jpg`)).extract({ left, top, width, height });
    return { rgb, alpha, width, height, joints: Array(24).fill(NaN) };
  };
  return { name, height: Math.max(...seen.map(({ height }) => height)), frames: seen.length, at };
}

/** The extent of a mask and what is within it, 0 or 255. */
async function maskOf(file) {
  const { data, info } = await sharp(file).toColourspace('b-w').raw().toBuffer({ resolveWithObject: true });
  let [left, top, right, bottom] = [info.width, info.height, -1, -1];
  for (let i = 0; i < data.length; i++) {
    if (data[i] === 0) continue;
    const [x, y] = [i % info.width, Math.floor(i / info.width)];
    [left, top, right, bottom] = [Math.min(left, x), Math.min(top, y), Math.max(right, x), Math.max(bottom, y)];
  }
  const [width, height] = [Math.max(0, right - left + 1), Math.max(0, bottom - top + 1)];
  const alpha = Buffer.alloc(width * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) alpha[y * width + x] = data[(top + y) * info.width + left + x] ? 255 : 0;
  }
  return { left, top, width, height, alpha };
}

/**
 * A cut-out at another size, its edge smoothed by the scaling.
 * @returns { rgba, width, height, joints }
 */
export async function scaled(cut, scale, flip) {
  const [width, height] = [Math.max(1, Math.round(cut.width * scale)), Math.max(1, Math.round(cut.height * scale))];
  const rgb = await cut.rgb.toColourspace('srgb').removeAlpha().raw().toBuffer();
  const whole = Buffer.alloc(cut.width * cut.height * 4);
  for (let i = 0; i < cut.width * cut.height; i++) {
    rgb.copy(whole, 4 * i, 3 * i, 3 * i + 3);
    whole[4 * i + 3] = cut.alpha[i];
  }
  const rgba = await sharp(whole, { raw: { width: cut.width, height: cut.height, channels: 4 } }).flop(flip).resize(width, height, { fit: 'fill' }).raw().toBuffer(); // prettier-ignore
  const [sx, sy] = [width / cut.width, height / cut.height];
  const joints = LIMB_JOINTS.flatMap((name, k) => {
    const from = flip ? LIMB_JOINTS.indexOf(name.startsWith('left_') ? `right_${name.slice(5)}` : `left_${name.slice(6)}`) : k; // prettier-ignore
    const [x, y] = [cut.joints[2 * from], cut.joints[2 * from + 1]];
    return [(flip ? cut.width - 1 - x : x) * sx, y * sy];
  });
  return { rgba, width, height, joints };
}
