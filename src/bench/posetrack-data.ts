/*
 * Made-up annotations and predictions of the size of PoseTrack18's validation set, to measure evaluation with: people
 * walk through the picture, predictions are their joints with noise, misses, doubles and switched tracks.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { POSETRACK18_JOINTS } from '../joints.js';
import { posetrackName } from '../formats/posetrack18.js';

export interface PoseTrackDataSize {
  sequences: number;
  frames: number;
  annotatedPeople: number;
  predictedPeople: number;
}

/** What PoseTrack18's validation set has, with a common detector's predictions. */
export const POSETRACK18_VAL: PoseTrackDataSize = {
  sequences: 170,
  frames: 10_604,
  annotatedPeople: 59_273,
  predictedPeople: 81_985,
};

/** A standing person's joints in units of a head, slot by slot of POSETRACK18_JOINTS: x, y. */
const SHAPE = [
  0, 0.5, 0, 1, 0, 0, 0, 0, 0, 0, 0.8, 1.2, -0.8, 1.2, 1.1, 2.4, -1.1, 2.4, 1.2, 3.5, -1.2, 3.5, 0.5, 3.8, -0.5, 3.8, 0.5,
  5.5, -0.5, 5.5, 0.5, 7.2, -0.5, 7.2,
]; // prettier-ignore
const EARS = [3, 4];
const [WIDTH, HEIGHT] = [1920, 1080];

/**
 * Writes `annotations/<sequence>.json` and `predictions/<sequence>.json` in PoseTrack18 form.
 * @param seed the same seed gives the same files
 */
export function writePoseTrackData(folder: string, size: PoseTrackDataSize, seed = 1): void {
  const random = generator(seed);
  for (const side of ['annotations', 'predictions']) mkdirSync(path.join(folder, side), { recursive: true });
  for (let s = 0; s < size.sequences; s++) {
    const share = (total: number): number =>
      Math.round((total * (s + 1)) / size.sequences) - Math.round((total * s) / size.sequences);
    const name = `${String(s + 1).padStart(6, '0')}_mpii_test`;
    const sequence = makeSequence(
      name,
      s + 1,
      share(size.frames),
      share(size.annotatedPeople),
      share(size.predictedPeople),
      random,
    );
    for (const side of ['annotations', 'predictions'] as const) {
      writeFileSync(path.join(folder, side, `${name}.json`), JSON.stringify(sequence[side]));
    }
  }
}

interface MadeSequence {
  annotations: object;
  predictions: object;
}

function makeSequence(
  name: string,
  number: number,
  frames: number,
  annotated: number,
  predicted: number,
  random: () => number,
): MadeSequence {
  const people = Array.from({ length: Math.ceil(annotated / frames) + 1 }, () => ({
    x: random() * WIDTH,
    y: random() * HEIGHT * 0.4,
    head: 20 + random() * 40,
    speed: (random() - 0.5) * 12,
  }));
  const images: object[] = [];
  const truth: object[] = [];
  const found: object[] = [];
  const perFrame = (total: number, f: number): number =>
    Math.round((total * (f + 1)) / frames) - Math.round((total * f) / frames);
  for (let f = 0; f < frames; f++) {
    const id = 10_000_000_000 + number * 10_000 + f;
    images.push({
      file_name: `images/val/${name}/${String(f).padStart(6, '0')}.jpg`,
      id,
      frame_id: id,
      vid_id: name.slice(0, 6),
      is_labeled: true,
    });
    for (let i = 0; i < perFrame(annotated, f); i++) {
      const { x, y, head, speed } = people[i % people.length];
      const keypoints = SHAPE.flatMap((value, k) => {
        if (k % 2 === 1) return [];
        const slot = k / 2;
        if (EARS.includes(slot) || (random() < 0.15 && slot > 2)) return [0, 0, 0];
        return [x + speed * f + value * head, y + SHAPE[k + 1] * head, 1];
      });
      const left = x + speed * f;
      truth.push({
        id: id * 100 + i,
        image_id: id,
        category_id: 1,
        track_id: i,
        keypoints,
        bbox_head: [left - head / 2, y, head, head],
        scores: [],
      });
    }
    for (let i = 0; i < perFrame(predicted, f); i++) {
      const { x, y, head, speed } = people[i % people.length];
      const sharpness = random() < 0.75 ? 0.15 : 1.2; // of the head: a good guess or a poor one
      const noise = (): number => (random() + random() + random() - 1.5) * 2 * sharpness * head;
      const keypoints = SHAPE.flatMap((value, k) => {
        if (k % 2 === 1) return [];
        if (EARS.includes(k / 2)) return [0, 0, 0];
        return [x + speed * f + value * head + noise(), y + SHAPE[k + 1] * head + noise(), 1];
      });
      const scores = keypoints.flatMap((there, k) =>
        k % 3 === 2 ? [there === 0 ? 0 : random() * (1.5 - sharpness)] : [],
      );
      const track = random() < 0.02 ? 1000 + i : i;
      found.push({
        id: id * 100 + i,
        image_id: id,
        category_id: 1,
        track_id: track,
        keypoints,
        scores,
        score: random(),
      });
    }
  }
  const categories = [
    { supercategory: 'person', id: 1, name: 'person', keypoints: POSETRACK18_JOINTS.map(posetrackName), skeleton: [] },
  ];
  return {
    annotations: { images, annotations: truth, categories },
    predictions: { images, annotations: found, categories },
  };
}

/** mulberry32: small, seeded, good enough for made-up data. Gives numbers in 0–1. */
function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
