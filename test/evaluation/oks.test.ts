import { readFileSync } from 'node:fs';
import path from 'node:path';
import { evaluateOks, similarity, type OksResult } from '../../src/evaluation/oks.js';
import type { LabelledPose, PoseSequence } from '../../src/formats/pose-sequence.js';
import { readPoseFiles } from '../../src/formats/read-poses.js';
import { Warnings } from '../../src/formats/warnings.js';
import { COCO_JOINTS } from '../../src/joints.js';
import { describeWithShared, ROOT } from '../shared-data.js';

/** COCO's own constants, in COCO's order. */
const SIGMAS = [
  0.026, 0.025, 0.025, 0.035, 0.035, 0.079, 0.079, 0.072, 0.072, 0.062, 0.062, 0.107, 0.107, 0.087, 0.087, 0.089, 0.089,
];

type Figures = Omit<OksResult, 'counts' | 'warnings'>;

function pose(joints: ArrayLike<number>, more: Partial<LabelledPose> = {}): LabelledPose {
  const rest = { trackId: null, headBox: null, box: null, area: null, crowd: false, score: null };
  return { joints: Float64Array.from(joints), ...rest, ...more };
}

function sequence(images: LabelledPose[][]): PoseSequence {
  const frames = images.map((people, i) => ({
    name: `${String(i).padStart(6, '0')}.jpg`,
    imageId: i,
    labelled: true,
    ignoreRegions: [],
    people,
    listed: people.length,
  }));
  return { name: 's', file: 's.json', alone: true, joints: COCO_JOINTS, frames };
}

/** Every joint d pixels to the right of (x, y). */
const allAt = (x: number, y: number): number[] => COCO_JOINTS.flatMap(() => [x, y, 2]);

describe('object keypoint similarity', () => {
  const variances = SIGMAS.map((sigma) => (2 * sigma) ** 2);

  it('is exp(−d² / 2 s² κ²), meant over the annotated joints only', () => {
    const person = pose(allAt(0, 0).map((value, i) => (i >= 6 ? NaN : value))); // nose and left eye
    const found = pose(allAt(3, 4));
    const expected = [SIGMAS[0], SIGMAS[1]].map((sigma) => Math.exp(-25 / (2 * 1000 * (2 * sigma) ** 2)));
    expect(similarity(person, found, 1000, variances)).toBeCloseTo((expected[0] + expected[1]) / 2, 12);
  });

  it('of a person without joints is how far the prediction lies outside the box enlarged three times', () => {
    const region = pose(new Array<number>(51).fill(NaN), { box: { x: 10, y: 10, width: 10, height: 10 }, crowd: true });
    expect(similarity(region, pose(allAt(29, 29)), 1000, variances)).toBe(1);
    expect(similarity(region, pose(allAt(40, 29)), 1000, variances)).toBeLessThan(1);
  });
});

describe('AP and AR', () => {
  const truth = pose(allAt(100, 100), { area: 5000 });
  const exact = (score: number, more: Partial<LabelledPose> = {}): LabelledPose =>
    pose(allAt(100, 100), { score, ...more });

  it('is 100 for the annotations themselves and 0 without predictions', () => {
    const full = evaluateOks([sequence([[truth]])], [sequence([[exact(0.5)]])]);
    for (const value of [full.ap, full.ar, full.apMedium]) expect(value).toBeCloseTo(100, 10);
    expect(evaluateOks([sequence([[truth]])], [sequence([[]])])).toMatchObject({ ap: 0, ar: 0, apLarge: NaN });
  });

  it('halves the precision for a better-scored wrong prediction', () => {
    const wrong = pose(allAt(900, 900), { score: 0.9 });
    expect(evaluateOks([sequence([[truth]])], [sequence([[exact(0.5), wrong]])]).ap).toBeCloseTo(50, 10);
  });

  it('looks at the twenty best predictions of an image', () => {
    const wrong = Array.from({ length: 20 }, () => pose(allAt(900, 900), { score: 0.9 }));
    expect(evaluateOks([sequence([[truth]])], [sequence([[...wrong, exact(0.5)]])]).ar).toBe(0);
    expect(evaluateOks([sequence([[truth]])], [sequence([[...wrong.slice(1), exact(0.5)]])]).ar).toBe(100);
  });

  it('takes predictions on a crowd region as neither right nor wrong, however many', () => {
    const crowd = pose(new Array<number>(51).fill(NaN), {
      area: 1e4,
      crowd: true,
      box: { x: 880, y: 880, width: 40, height: 40 },
    });
    const lost = [0.9, 0.8].map((score) => pose(allAt(900, 900), { score }));
    expect(evaluateOks([sequence([[truth, crowd]])], [sequence([[...lost, exact(0.5)]])]).ap).toBeCloseTo(100, 10);
  });

  it('samples recall at the points that pycocotools has, whose rounding decides with 100 people', () => {
    const images = Array.from({ length: 100 }, (_, i) => i + 1);
    const found = images.map((i) => {
      const shift = [3, 5, 9].includes(i) || i % 3 !== 0 ? 0 : 400;
      return [pose(allAt(100 + shift, 100), { score: 1 - i / 200 })];
    });
    const { ap, ar } = evaluateOks([sequence(images.map(() => [truth]))], [sequence(found)]);
    expect(ap).toBeCloseTo(52.37211626346724, 9); // pycocotools' steps in numpy; with points at i / 100 it would be 53.06
    expect(ar).toBeCloseTo(69, 9);
  });

  it('counts people and joints, and says what it does not look at', () => {
    const many = Array.from({ length: 23 }, (_, i) => exact(1 - i / 100));
    const { counts, warnings } = evaluateOks([sequence([[truth]])], [sequence([many])]);
    expect(counts).toEqual({
      frames: 1,
      annotatedPeople: 1,
      annotatedJoints: 17,
      predictedPeople: 20,
      predictedJoints: 340,
      crowdRegions: 0,
    });
    expect(warnings).toEqual([
      {
        text: 'predicted people beyond the 20 best of an image, not scored',
        count: 3,
        first: 's.json, frame 000000.jpg',
      },
    ]);
    expect(() => evaluateOks([sequence([[]])], [sequence([[]])])).toThrow(/^s\.json: no person to score in 1 frames/);
  });

  it('takes for an area that is missing the box, or what the joints span, and says so', () => {
    const joints = allAt(100, 100).map((value, i) => (i === 0 ? 140 : i === 1 ? 150 : i > 6 && i < 10 ? NaN : value));
    const found = [pose(joints, { score: 1 })]; // 40 × 50 px: medium; with absent joints at 0, 0 it would be large
    const spanned = evaluateOks([sequence([[pose(joints)]])], [sequence([found])]);
    expect(spanned.apMedium).toBeCloseTo(100, 10);
    expect(spanned.warnings[0].text).toMatch(/without `area` and `bbox` above 0, the area around their joints/);
    const boxed = pose(joints, { box: { x: 0, y: 0, width: 200, height: 200 } });
    const { apLarge, warnings } = evaluateOks([sequence([[boxed]])], [sequence([found])]);
    expect(apLarge).toBeCloseTo(100, 10);
    expect(warnings[0].text).toMatch(/without `area` above 0, their box's taken/);
  });

  it('takes an area of 0, as labelling tools write it, for missing', () => {
    const box = { x: 50, y: 50, width: 100, height: 100 };
    const found = [pose(allAt(103, 100), { score: 1 })];
    const [missing, zero, negative] = [null, 0, -1].map((area) =>
      evaluateOks([sequence([[pose(allAt(100, 100), { box, area })]])], [sequence([found])]),
    );
    expect(zero).toEqual(missing);
    expect(negative).toEqual(missing);
    expect(zero.ap).toBeGreaterThan(50);
    const empty = pose(allAt(100, 100), { box: { ...box, width: 0 }, area: 0 });
    expect(evaluateOks([sequence([[empty]])], [sequence([found])]).warnings[0].text).toMatch(
      /`area` and `bbox` above 0/,
    );
  });

  it('refuses a layout without constants', () => {
    const other = { ...sequence([[truth]]), joints: [...COCO_JOINTS.slice(0, 16), 'tail'] };
    expect(() => evaluateOks([other], [sequence([[]])])).toThrow(/no constant for the joint tail/);
  });

  it('equals a brute-force reading of the definition on crowded random images', () => {
    let state = 7;
    const random = (): number => (state = (state * 48271) % 2147483647) / 2147483647;
    const images = Array.from({ length: 40 }, () => {
      const people = Array.from({ length: Math.floor(random() * 6) }, () => {
        const [x, y, size] = [random() * 400, random() * 300, 15 + random() * 150];
        const labelled = random() < 0.9;
        const joints = COCO_JOINTS.flatMap(() =>
          labelled && random() < 0.7 ? [x + random() * size, y + random() * size, 2] : [NaN, NaN, 0],
        );
        const box = { x, y, width: size, height: size };
        return pose(joints, { area: size * size * 0.6, crowd: random() < 0.15, box });
      });
      const found = people.flatMap((person) =>
        Array.from({ length: Math.floor(random() * 4) }, () => {
          const spread = person.box!.width * [0.02, 0.08, 0.3][Math.floor(random() * 3)];
          const joints = COCO_JOINTS.flatMap((_, k) => {
            const known = !Number.isNaN(person.joints[k * 3]);
            const [x, y] = known ? person.joints.subarray(k * 3) : [person.box!.x, person.box!.y];
            return [x + (random() - 0.5) * spread, y + (random() - 0.5) * spread, 1];
          });
          return pose(joints, { score: random() });
        }),
      );
      return { people, found };
    });
    const result = evaluateOks(
      [sequence(images.map(({ people }) => people))],
      [sequence(images.map(({ found }) => found))],
    );
    const expected = bruteForce(images);
    for (const [key, value] of Object.entries(expected))
      expect(result[key as keyof typeof expected]).toBeCloseTo(value, 9);
    expect(result.ap).toBeGreaterThan(10); // a case in which something happens
    expect(result.ap).toBeLessThan(90);
  });
});

type Image = { people: LabelledPose[]; found: LabelledPose[] };

/** The definition, written without regard to speed: sets instead of sorted scans, precision as a maximum at every recall point. */
function bruteForce(images: Image[]): Figures {
  const thresholds = [0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95];
  const variances = SIGMAS.map((sigma) => 4 * sigma * sigma);
  const labelled = (person: LabelledPose): boolean =>
    person.joints.some((value, i) => i % 3 === 0 && !Number.isNaN(value));
  const sizeOf = ({ joints }: LabelledPose): number => {
    const xs = Array.from(joints).filter((_, i) => i % 3 === 0);
    const ys = Array.from(joints).filter((_, i) => i % 3 === 1);
    return (Math.max(...xs) - Math.min(...xs)) * (Math.max(...ys) - Math.min(...ys));
  };
  const run = (t: number, low: number, high: number): { ap: number; ar: number } => {
    const outcomes: { score: number; right: boolean }[] = [];
    let positives = 0;
    for (const { people, found } of images) {
      const counts = (p: LabelledPose): boolean => labelled(p) && !p.crowd && p.area! >= low && p.area! <= high;
      positives += people.filter(counts).length;
      let free = new Set(people);
      for (const prediction of [...found].sort((a, b) => b.score! - a.score!).slice(0, 20)) {
        const close = [...free]
          .map((p) => ({ p, oks: similarity(p, prediction, p.area!, variances) }))
          .filter(({ oks }) => oks >= t);
        const best = (candidates: typeof close): LabelledPose | undefined =>
          candidates.reduce((a: (typeof close)[0] | undefined, b) => (a && a.oks > b.oks ? a : b), undefined)?.p;
        const hit = best(close.filter(({ p }) => counts(p))) ?? best(close.filter(({ p }) => !counts(p)));
        if (hit && !hit.crowd) free = new Set([...free].filter((p) => p !== hit));
        if (hit ? counts(hit) : sizeOf(prediction) >= low && sizeOf(prediction) <= high) {
          outcomes.push({ score: prediction.score!, right: hit !== undefined });
        }
      }
    }
    outcomes.sort((a, b) => b.score - a.score);
    const curve = outcomes.map((_, rank) => {
      const right = outcomes.slice(0, rank + 1).filter((outcome) => outcome.right).length;
      return { recall: right / positives, precision: right / (rank + 1) };
    });
    const points = Array.from({ length: 101 }, (_, i) => i / 100).map((point) =>
      Math.max(0, ...curve.filter(({ recall }) => recall >= point).map(({ precision }) => precision)),
    );
    const highest = Math.max(0, ...curve.map(({ recall }) => recall));
    return { ap: (100 * points.reduce((a, b) => a + b)) / 101, ar: 100 * highest };
  };
  const all = thresholds.map((t) => run(t, 0, 1e10));
  const medium = thresholds.map((t) => run(t, 1024, 9216));
  const large = thresholds.map((t) => run(t, 9216, 1e10));
  const average = (values: number[]): number => values.reduce((a, b) => a + b) / values.length;
  return {
    ap: average(all.map(({ ap }) => ap)),
    ap50: all[0].ap,
    ap75: all[5].ap,
    apMedium: average(medium.map(({ ap }) => ap)),
    apLarge: average(large.map(({ ap }) => ap)),
    ar: average(all.map(({ ar }) => ar)),
    ar50: all[0].ar,
    ar75: all[5].ar,
    arMedium: average(medium.map(({ ar }) => ar)),
    arLarge: average(large.map(({ ar }) => ar)),
  };
}

test('every figure is pycocotools’ own, from files that it has read', () => {
  const golden = path.join(ROOT, 'test/evaluation/golden'); // made by oks.py, which lies beside them
  const warnings = new Warnings();
  const truth = readPoseFiles(path.join(golden, 'oks-annotations.json'), { role: 'annotations', warnings });
  const file = path.join(golden, 'oks-predictions.json');
  const found = readPoseFiles(file, { role: 'predictions', annotations: truth, warnings });
  const figures = evaluateOks(truth, found, { warnings });
  const theirs = JSON.parse(readFileSync(path.join(golden, 'oks-figures.json'), 'utf8')) as Figures;
  for (const [name, value] of Object.entries(theirs)) {
    expect({ name, value: figures[name as keyof Figures] }).toEqual({ name, value: expect.closeTo(value, 9) });
  }
  expect(Object.keys(theirs)).toHaveLength(10);
});

describeWithShared('data/mmpose-testdata/coco/test_coco.json', 'real COCO annotations', (file) => {
  it('score 100 against themselves', () => {
    const warnings = new Warnings();
    const truth = readPoseFiles(path.resolve(file), { role: 'annotations', warnings });
    const found = truth.map((each) => ({
      ...each,
      frames: each.frames.map((frame) => ({
        ...frame,
        people: frame.people
          .filter((person) => person.joints.some((x) => x > 0))
          .map((person) => ({ ...person, score: 1 })),
      })),
    }));
    const { ap, ar, counts } = evaluateOks(truth, found, { warnings });
    expect([Math.round(ap * 1e9) / 1e9, Math.round(ar * 1e9) / 1e9]).toEqual([100, 100]);
    expect(counts).toMatchObject({ frames: 4, annotatedPeople: 12 });
  });
});
