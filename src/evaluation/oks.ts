/*
 * COCO keypoint AP and AR by object keypoint similarity, as pycocotools computes them (Lin et al.; cocodataset.org,
 * "keypoints evaluation"): ten thresholds, 101 recall points, area ranges, crowd regions.
 */
import { GlposeError } from '../errors.js';
import { extentOf, inLayout, type LabelledPose, type PoseSequence } from '../formats/pose-sequence.js';
import { Warnings, type Warning } from '../formats/warnings.js';
import { nothingToScore, noteLackingJoints, pairSequences, type SequencePair } from './pairing.js';

/** Spread of annotators per joint, in units of the object's size. Neck and head top as mmpose has them for PoseTrack. */
export const SIGMAS: Readonly<Record<string, number>> = {
  nose: 0.026, neck: 0.025, head_top: 0.025, left_eye: 0.025, right_eye: 0.025, left_ear: 0.035, right_ear: 0.035,
  left_shoulder: 0.079, right_shoulder: 0.079, left_elbow: 0.072, right_elbow: 0.072, left_wrist: 0.062,
  right_wrist: 0.062, left_hip: 0.107, right_hip: 0.107, left_knee: 0.087, right_knee: 0.087, left_ankle: 0.089,
  right_ankle: 0.089,
}; // prettier-ignore

/** Rounded as numpy.linspace rounds them: a recall of exactly 0.35 lies below the point of that name. */
const THRESHOLDS = Array.from({ length: 10 }, (_, i) => 0.5 + i * ((0.95 - 0.5) / 9));
const RECALL_POINTS = Array.from({ length: 101 }, (_, i) => i * 0.01);
/** Areas in px². */
const AREA_RANGES = { all: [0, 1e10], medium: [32 ** 2, 96 ** 2], large: [96 ** 2, 1e10] } as const;
const MAX_DETECTIONS = 20;

/** All in percent, 0–100; NaN where no annotated person is in the range. */
export interface OksResult {
  ap: number;
  /** AP at OKS 0.50 and 0.75. */
  ap50: number;
  ap75: number;
  /** AP of people of 32²–96² px² and of larger ones. */
  apMedium: number;
  apLarge: number;
  /** Highest recall, averaged over the thresholds. */
  ar: number;
  ar50: number;
  ar75: number;
  arMedium: number;
  arLarge: number;
  counts: {
    frames: number;
    /** Those to find: no crowd regions, nobody without joints. */
    annotatedPeople: number;
    annotatedJoints: number;
    /** Of the best twenty of every image. */
    predictedPeople: number;
    predictedJoints: number;
    crowdRegions: number;
  };
  warnings: Warning[];
}

/**
 * COCO keypoint AP and AR by object keypoint similarity (Lin et al., ECCV 2014; cocodataset.org), in the numbers of
 * pycocotools: thresholds 0.50 to 0.95, 101 recall points, the twenty best predictions of an image.
 * @param annotations joints in pixels as [K, (x, y, visibility)]; their layout is the measure's: joints of other names in
 *   the predictions play no part. Areas in px²; crowd regions match any number and count for none
 * @param predictions likewise; people are ranked by `score`
 * @returns percent
 * @throws GlposeError ANNOTATION for joints without a known sigma, predictions that are missing, or where nobody is annotated
 */
export function evaluateOks(
  annotations: readonly PoseSequence[],
  predictions: readonly PoseSequence[],
  options: { allowMissing?: boolean; warnings?: Warnings } = {},
): OksResult {
  const { warnings = new Warnings(options.allowMissing) } = options;
  const joints = annotations[0]?.joints ?? [];
  const variances = joints.map((joint) => {
    if (joint in SIGMAS) return (2 * SIGMAS[joint]) ** 2;
    throw new GlposeError('ANNOTATION', `${annotations[0].file}: OKS has no constant for the joint ${joint}`, 'Use --metric sub-jhmdb-pck or pckh for this layout.'); // prettier-ignore
  });
  const pairs = pairSequences(annotations, predictions.map((sequence) => inLayout(sequence, joints)), warnings); // prettier-ignore
  noteLackingJoints(predictions, joints, 'taken to lie at 0, 0, as in COCO', warnings);
  const images = pairs.flatMap((pair) => imagesOf(pair, variances, warnings));
  const toFind = images.flatMap(({ people }) => people.filter(({ ignore }) => !ignore));
  if (toFind.length === 0) throw nothingToScore(annotations, warnings);

  const tables = Object.fromEntries(
    Object.entries(AREA_RANGES).map(([name, range]) => [name, accumulate(images.map((image) => match(image, range)))]),
  ) as Record<keyof typeof AREA_RANGES, { ap: number[]; ar: number[] }>;
  const { all, medium, large } = tables;
  return {
    ap: average(all.ap),
    ap50: all.ap[0],
    ap75: all.ap[5],
    apMedium: average(medium.ap),
    apLarge: average(large.ap),
    ar: average(all.ar),
    ar50: all.ar[0],
    ar75: all.ar[5],
    arMedium: average(medium.ar),
    arLarge: average(large.ar),
    counts: {
      frames: images.length,
      annotatedPeople: toFind.length,
      annotatedJoints: sum(toFind.map(({ joints: count }) => count)),
      predictedPeople: sum(images.map(({ scores }) => scores.length)),
      predictedJoints: sum(images.map(({ predictedJoints }) => predictedJoints)),
      crowdRegions: sum(images.map(({ people }) => people.filter(({ crowd }) => crowd).length)),
    },
    warnings: warnings.list(),
  };
}

interface OksImage {
  people: { area: number; joints: number; crowd: boolean; ignore: boolean }[];
  /** Of the best MAX_DETECTIONS predictions, descending. */
  scores: number[];
  /** px², of the predictions' extents. */
  areas: number[];
  /** [prediction][person] */
  similarities: number[][];
  predictedJoints: number;
}

function imagesOf({ frames, annotated, predicted }: SequencePair, variances: number[], warnings: Warnings): OksImage[] {
  return frames.map(({ annotated: truth, predicted: found }) => {
    const people = truth.people.map((pose) => {
      const where = `${annotated.file}, frame ${truth.name}`;
      const count = present(pose);
      return { pose, area: areaOf(pose, where, warnings), joints: count, crowd: pose.crowd, ignore: pose.crowd || count === 0 }; // prettier-ignore
    });
    const beyond = found.people.length - MAX_DETECTIONS;
    if (beyond > 0) {
      const where = `${predicted.file}, frame ${found.name}`;
      warnings.note(`predicted people beyond the ${MAX_DETECTIONS} best of an image, not scored`, where, beyond);
    }
    const ranked = found.people
      .map((pose) => ({ pose, score: scoreOf(pose, `${predicted.file}, frame ${found.name}`, warnings) }))
      .sort((a, b) => b.score - a.score)
      .slice(0, MAX_DETECTIONS);
    return {
      people,
      predictedJoints: sum(ranked.map(({ pose }) => present(pose))),
      scores: ranked.map(({ score }) => score),
      areas: ranked.map(({ pose }) => extent(pose).area),
      similarities: ranked.map(({ pose }) =>
        people.map(({ pose: person, area }) => similarity(person, pose, area, variances)),
      ),
    };
  });
}

/** The annotated area; where there is none above 0, the box's. Labelling tools write 0 where nothing was segmented. */
function areaOf(pose: LabelledPose, where: string, warnings: Warnings): number {
  if (pose.area !== null && pose.area > 0) return pose.area;
  const inBox = pose.box ? pose.box.width * pose.box.height : 0;
  const isBox = pose.box !== null && pose.box.width > 0 && inBox > 0;
  if (isBox) {
    warnings.note("annotated people without `area` above 0, their box's taken", where);
    return inBox;
  }
  warnings.note('annotated people without `area` and `bbox` above 0, the area around their joints taken', where);
  const around = extentOf(pose.joints);
  return around ? around.width * around.height : 0;
}

function scoreOf(pose: LabelledPose, where: string, warnings: Warnings): number {
  if (pose.score !== null) return pose.score;
  warnings.note('predicted people without `score`, the mean of their joint scores taken', where);
  return average(Array.from(pose.joints).filter((_, i) => i % 3 === 2 && !Number.isNaN(pose.joints[i - 1])));
}

function present({ joints }: LabelledPose): number {
  let count = 0;
  for (let i = 0; i < joints.length; i += 3) if (!Number.isNaN(joints[i])) count++;
  return count;
}

/** Of the joints; absent ones lie at 0, 0, as they do in COCO's files. */
function extent({ joints }: LabelledPose): { area: number } {
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  for (let i = 0; i < joints.length; i += 3) {
    const [x, y] = Number.isNaN(joints[i]) ? [0, 0] : [joints[i], joints[i + 1]];
    [left, top, right, bottom] = [Math.min(left, x), Math.min(top, y), Math.max(right, x), Math.max(bottom, y)];
  }
  return { area: (right - left) * (bottom - top) };
}

/**
 * Object keypoint similarity, 0–1: the mean over the annotated joints of exp(−d² / (2 s² κ²)), s² the area, κ = 2σ. For
 * a person without joints, d is how far each predicted joint lies outside the box, enlarged to three times its size.
 */
export function similarity(
  person: LabelledPose,
  found: LabelledPose,
  area: number,
  variances: readonly number[],
): number {
  const counted = present(person);
  const box = person.box ?? { x: 0, y: 0, width: 0, height: 0 };
  let total = 0;
  for (let k = 0; k < variances.length; k++) {
    if (counted > 0 && Number.isNaN(person.joints[k * 3])) continue;
    const [x, y] = Number.isNaN(found.joints[k * 3]) ? [0, 0] : [found.joints[k * 3], found.joints[k * 3 + 1]];
    let [dx, dy] = [x - person.joints[k * 3], y - person.joints[k * 3 + 1]];
    if (counted === 0) {
      dx = Math.max(0, box.x - box.width - x) + Math.max(0, x - (box.x + 2 * box.width));
      dy = Math.max(0, box.y - box.height - y) + Math.max(0, y - (box.y + 2 * box.height));
    }
    total += Math.exp(-(dx ** 2 + dy ** 2) / variances[k] / (area + Number.EPSILON) / 2);
  }
  return total / (counted > 0 ? counted : variances.length);
}

/** One image in one area range. [threshold][prediction] */
interface Matches {
  scores: number[];
  right: boolean[][];
  /** Neither right nor wrong: matched with an ignored person, or unmatched and outside the area range. */
  ignored: boolean[][];
  /** People to find. */
  positives: number;
}

function match(image: OksImage, [low, high]: readonly [number, number]): Matches {
  const ignore = image.people.map((person) => person.ignore || person.area < low || person.area > high);
  const order = image.people.map((_, g) => g).sort((a, b) => Number(ignore[a]) - Number(ignore[b])); // ignored ones last
  const right: boolean[][] = [];
  const ignored: boolean[][] = [];
  for (const threshold of THRESHOLDS) {
    const taken = new Set<number>();
    const rightHere: boolean[] = [];
    const ignoredHere: boolean[] = [];
    image.scores.forEach((_, d) => {
      let best = -1;
      let bar = Math.min(threshold, 1 - 1e-10);
      for (const g of order) {
        if (taken.has(g) && !image.people[g].crowd) continue;
        if (best >= 0 && !ignore[best] && ignore[g]) break; // a person to find is better than an ignored one
        if (image.similarities[d][g] < bar) continue;
        bar = image.similarities[d][g];
        best = g;
      }
      if (best >= 0) taken.add(best);
      rightHere.push(best >= 0 && !ignore[best]);
      ignoredHere.push(best >= 0 ? ignore[best] : image.areas[d] < low || image.areas[d] > high);
    });
    right.push(rightHere);
    ignored.push(ignoredHere);
  }
  return { scores: image.scores, right, ignored, positives: ignore.filter((value) => !value).length };
}

/** AP and highest recall per threshold, percent. */
function accumulate(images: Matches[]): { ap: number[]; ar: number[] } {
  const positives = sum(images.map((image) => image.positives));
  const ranked = images
    .flatMap((image, i) => image.scores.map((score, d) => ({ score, i, d })))
    .sort((a, b) => b.score - a.score);
  const [ap, ar]: number[][] = [[], []];
  for (const t of THRESHOLDS.keys()) {
    const recall: number[] = [];
    const precision: number[] = [];
    let [right, wrong] = [0, 0];
    for (const { i, d } of ranked) {
      if (!images[i].ignored[t][d]) {
        if (images[i].right[t][d]) right++;
        else wrong++;
      }
      recall.push(right / positives);
      precision.push(right / (right + wrong + Number.EPSILON));
    }
    for (let r = precision.length - 2; r >= 0; r--) precision[r] = Math.max(precision[r], precision[r + 1]);
    let rank = 0;
    const sampled = RECALL_POINTS.map((point) => {
      while (rank < recall.length && recall[rank] < point) rank++;
      return rank < recall.length ? precision[rank] : 0;
    });
    ap.push(positives === 0 ? NaN : 100 * average(sampled));
    ar.push(positives === 0 ? NaN : 100 * (recall.at(-1) ?? 0));
  }
  return { ap, ar };
}

function sum(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0);
}

function average(values: readonly number[]): number {
  return values.length === 0 ? 0 : sum(values) / values.length;
}
