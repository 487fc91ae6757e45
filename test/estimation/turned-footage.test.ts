import path from 'node:path';
import { estimateStream, loadModel, openFrames } from '../../src/index.js';
import { LIMB_JOINTS } from '../../src/evaluation/quality/doubled.js';
import { ROOT } from '../shared-data.js';
import type { Image, PersonPose } from '../../src/types.js';

/** The frame turned a quarter, clockwise. */
function turned({ width, height, data }: Image): Image {
  const pixels = new Uint8Array(data.length);
  for (let y = 0; y < width; y++) {
    for (let x = 0; x < height; x++) {
      const from = 3 * ((height - 1 - x) * width + y);
      pixels.set(data.subarray(from, from + 3), 3 * (y * height + x));
    }
  }
  return { width: height, height: width, data: pixels };
}

test('most people of a picture that lies on its side have the poses that they have in the upright one', async () => {
  const video = await openFrames(path.join(ROOT, 'samples/walking.mp4'));
  let upright: Image | undefined;
  for await (const { width, height, data } of video.frames()) {
    upright = { width, height, data: data!.slice() };
    break;
  }
  await video.close();
  const model = await loadModel('glpose-movenet', { device: 'cpu' });
  const posesIn = async (image: Image): Promise<PersonPose[]> => {
    for await (const { people } of estimateStream(one(image), model, { explain: true })) return people;
    return [];
  };
  async function* one(image: Image): AsyncGenerator<Image> {
    yield image;
  }
  const standing = (await posesIn(upright!)).filter(({ score }) => score > 0.5);
  const lying = await posesIn(turned(upright!));
  const names = model.estimator.joints;
  const limbs = LIMB_JOINTS.map((name) => names.indexOf(name));
  const isSame = (stands: PersonPose, lies: PersonPose): boolean => {
    const right = limbs.filter((k) => {
      const [a, b] = [stands.joints[k], lies.joints[k]];
      const distance = a && b ? Math.hypot(upright!.height - 1 - a.y - b.x, a.x - b.y) : Infinity;
      return distance < 0.1 * stands.box.height;
    });
    return right.length >= 9;
  };
  const again = standing.filter((stands) => lying.some((lies) => isSame(stands, lies)));
  expect(standing.length).toBeGreaterThanOrEqual(4);
  expect(again.length).toBeGreaterThan(standing.length / 2);
  expect(lying.filter(({ explanation }) => explanation!.window.turn === 1).length).toBeGreaterThanOrEqual(again.length);
  await model.dispose();
});
