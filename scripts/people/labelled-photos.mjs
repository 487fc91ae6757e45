/* Photographs labelled by hand, with everyone who is labelled in them: [{ file, people: [{ box, labels: { left_wrist: { x, y }, … } }] }]. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import sharp from 'sharp';
import { enlarged, extent } from './poses.mjs';

/** Leeds Sports Pose Extended; a box is the joints' extent, enlarged. */
export function leedsSportsPose(data, split) {
  const { joint_names: short, images } = JSON.parse(readFileSync(path.join(data, 'lspet/joints.json'), 'utf8'));
  const names = short.map((name) => name.replace(/^r_/, 'right_').replace(/^l_/, 'left_'));
  return images
    .filter((image) => image.split === split)
    .map(({ image, joints }) => {
      const labels = labelsOf(names, joints);
      const box = enlarged(extent(Object.values(labels).flatMap(({ x, y }) => [x, y])));
      return { file: path.join(data, 'lspet/images', image), people: [{ box, labels }] };
    });
}

export function cocoStills(data, split) {
  const file = path.join(data, 'people/coco/person_keypoints.json');
  const { images, annotations, categories } = JSON.parse(readFileSync(file, 'utf8'));
  const names = categories[0].keypoints;
  return images
    .filter((image) => image.split === split)
    .map(({ id, file_name }) => ({
      file: path.join(data, 'people/coco/images', file_name),
      people: annotations
        .filter(({ image_id: image, iscrowd, num_keypoints: known }) => image === id && !iscrowd && known > 0)
        .map(({ bbox: [x, y, width, height], keypoints }) => {
          const labels = labelsOf(names, names.map((_, k) => keypoints.slice(3 * k, 3 * k + 3))); // prettier-ignore
          return { box: { x, y, width, height }, labels };
        }),
    }))
    .filter(({ people }) => people.length > 0);
}

/** @param joints x, y, and 0 where a joint is not labelled */
function labelsOf(names, joints) {
  return Object.fromEntries(joints.flatMap(([x, y, known], k) => (known ? [[names[k], { x, y }]] : [])));
}

/** An image's pixels: { width, height, data }, RGB. */
export async function pixelsOf(file) {
  const { data, info } = await sharp(file).toColourspace('srgb').removeAlpha().raw().toBuffer({ resolveWithObject: true }); // prettier-ignore
  return { width: info.width, height: info.height, data: new Uint8Array(data) };
}
