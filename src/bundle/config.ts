import { z } from 'zod';
import { mirrored } from '../joints.js';
import { jointOffsets, problemOf } from './joint-offsets.js';

/*
 * config.json of a bundle: everything a model is, besides its weights. Images are RGB; every tensor is NCHW.
 * Standardisation is (value − mean) / std, of values 0–255 for images.
 */

/** A file beside config.json: a plain name, so that a bundle cannot reach outside its folder. */
const fileName = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, 'must be a plain file name beside config.json');
const tensorName = z.string().min(1);
const side = z.int().positive().max(8192);
/** Values of one crop, input or feature map: beyond it a config of a few lines would fill the memory. */
const MAX_VALUES = 1 << 25;
const jointNames = z
  .array(z.string().regex(/^[a-z][a-z0-9_]*$/, 'joint names are lower-case words, such as left_wrist'))
  .min(1)
  .max(256)
  .refine((names) => new Set(names).size === names.length, 'a joint is named twice');
const perRgb = z.tuple([z.number(), z.number(), z.number()]);
const positivePerRgb = z.tuple([z.number().positive(), z.number().positive(), z.number().positive()]);
const decode = z.enum(['quarter', 'dark']);

const extractorSchema = z.strictObject({
  file: fileName,
  /** One person's window, resampled to [N, 3, height, width]. */
  input: z.strictObject({
    name: tensorName,
    width: side,
    height: side,
    mean: perRgb,
    std: positivePerRgb,
    /**
     * A second input of a net that can be told who is meant: [N, 17, 3], for each COCO joint the place where it is expected, as
     * shares of the window (y, x), and 1; zeros where nobody knows.
     */
    expectedJoints: tensorName.optional(),
  }),
  /** The feature map [N, channels, height, width]; V = (F − mean) / std per channel, raw where they are left out. */
  features: z.strictObject({
    output: tensorName,
    channels: z.int().positive().max(4096),
    height: side,
    width: side,
    mean: z.array(z.number()).optional(),
    std: z.array(z.number().positive()).optional(),
  }),
  /** How the net's own outputs make a single-frame pose. */
  ownPose: z.discriminatedUnion('kind', [
    /** MoveNet's centre-and-regression-weighted decode; outputs of the extractor's own file. */
    z.strictObject({
      kind: z.literal('movenet'),
      joints: jointNames,
      outputs: z.strictObject({ heatmap: tensorName, offset: tensorName, regress: tensorName, center: tensorName }),
      offsets: jointOffsets.optional(),
    }),
    /** Plain heat maps [N, K, h, w] of a net that takes the extractor's input. */
    z.strictObject({
      kind: z.literal('heatmaps'),
      file: fileName,
      output: tensorName,
      joints: jointNames,
      decode,
      offsets: jointOffsets.optional(),
    }),
  ]),
});

const moveNetMultiPose = z.strictObject({
  kind: z.literal('movenet-multipose'),
  file: fileName,
  /** The whole frame, scaled so that the longer side is `longerSide`, sides padded up to a multiple of `multiple`. */
  input: z.strictObject({
    name: tensorName,
    longerSide: side,
    multiple: z.int().positive().max(1024),
    mean: perRgb,
    std: positivePerRgb,
  }),
  /** Stride-4 maps: center logits [1, 1, h, w], box scale and offset [1, 2, h, w] (y, x), regress [1, 34, h, w] (y, x). */
  outputs: z.strictObject({ center: tensorName, boxScale: tensorName, boxOffset: tensorName, regress: tensorName }),
});

/** Defaults of the detectors of one family, as their own exporters write them. */
interface DetectorDefaults {
  output: string;
  channels: 'rgb' | 'bgr';
  /** What values 0–255 are divided by. */
  std: number;
}

/** A detector of objects with one output; the frame lies in the middle of its input, unstretched. */
function objectDetector<K extends string>(kind: K, { output, channels, std }: DetectorDefaults) {
  return z.strictObject({
    kind: z.literal(kind),
    file: fileName,
    input: z
      .strictObject({
        name: tensorName.default('images'),
        width: side.default(640),
        height: side.default(640),
        /** Order of the planes; mean and std stay in the order red, green, blue. */
        channels: z.enum(['rgb', 'bgr']).default(channels),
        mean: perRgb.default([0, 0, 0]),
        std: positivePerRgb.default([std, std, std]),
        /** Grey, 0–255, around the frame. */
        pad: z.number().min(0).max(255).default(114),
      })
      .prefault({}),
    output: tensorName.default(output),
    /** Which class is a person. COCO: 0. */
    person: z.int().nonnegative().default(0),
  });
}

/** Classes that the detector tells apart. COCO has 80. */
const classes = z.int().positive().max(10_000).default(80);
/** Overlap (IoU) from which two boxes are one person. */
const nms = z.number().positive().max(1).default(0.65);

const detectorKinds = z.discriminatedUnion('kind', [
  moveNetMultiPose,
  /** [1, cells, 5 + classes]: x, y, log w, log h in cells, objectness, classes; cells of each stride in turn. */
  objectDetector('yolox', { output: 'output', channels: 'bgr', std: 1 }).extend({
    classes,
    nms,
    strides: z.array(z.int().positive().max(1024)).min(1).max(8).default([8, 16, 32]),
  }),
  /** [1, 4 + classes, cells]: centre x, y, width, height in pixels, classes. Also YOLO11 and others of its layout. */
  objectDetector('yolov8', { output: 'output0', channels: 'rgb', std: 255 }).extend({ classes, nms }),
  /** [1, queries, 4 + classes]: centre x, y, width, height as shares of the input, classes. */
  objectDetector('rtdetr', { output: 'output0', channels: 'rgb', std: 255 }).extend({ classes }),
  /** [n, 6] or [1, n, 6]: x, y, x, y of opposite corners in pixels, score, class; duplicates already removed. */
  objectDetector('boxes', { output: 'output0', channels: 'rgb', std: 255 }),
]);

/** How people are found: the member `detector` of a bundle's config.json, or a file of its own. */
export const detectorSchema = detectorKinds.check(({ value: detector, issues }) => {
  const wrong = (path: string[], message: string): void => {
    issues.push({ code: 'custom', input: detector, path, message });
  };
  if ('classes' in detector && detector.person >= detector.classes) {
    wrong(['person'], `class ${detector.person} is not one of ${detector.classes}`);
  }
  if (detector.kind === 'yolox') {
    for (const axis of ['width', 'height'] as const) {
      const odd = detector.strides.find((stride) => detector.input[axis] % stride !== 0);
      if (odd) wrong(['input', axis], `${detector.input[axis]} is not a multiple of the stride ${odd}`);
    }
  }
});

const headSchema = z
  .strictObject({
    file: fileName,
    /** False for random weights: the head runs, but its poses mean nothing. */
    trained: z.boolean(),
    blockWidth: z.int().positive().max(4096),
    joints: jointNames,
    /** Local frames a side, global people, candidates they are chosen from. */
    k: z.int().nonnegative().max(64),
    n: z.int().nonnegative().max(256),
    m: z.int().nonnegative().max(100_000),
    /** W_l of Eq. 2, for the offsets −k … −1, 1 … k; by default (k + 1 − |δ|) / (k + 1). */
    localWeights: z.array(z.number()).optional(),
    similarity: z.enum(['frame', 'channel']).default('frame'),
    enhancement: z.boolean().default(true),
    enhancementBlocks: z.int().positive().max(16).default(1),
    kernel: z.union([z.literal(1), z.literal(3), z.literal(5)]).default(3),
    /**
     * Whether the head also reads where the detector's coarse poses have the joints, of the person and of the others (an addition
     * to the paper).
     */
    conditions: z.boolean().default(false),
    decode: decode.default('quarter'),
    offsets: jointOffsets.optional(),
    /**
     * Mean score of a pose's joints below which the head looks again without the local frames (W_l = 0), the surer answer being
     * kept; for heads trained with `--withhold`. Never where it is left out.
     */
    secondLook: z.number().min(0).max(1).optional(),
    /** Where neighbours' maps come from unless told otherwise (`Reuse`): `warp` for a head that was trained with such maps, too. */
    reuse: z.enum(['exact', 'warp']).default('exact'),
    /** Joints that change places in the mirror, as indices; by default left_x with right_x. */
    flipPairs: z.array(z.tuple([z.int().nonnegative(), z.int().nonnegative()])).optional(),
  })
  .check(({ value: head, issues }) => {
    const wrong = (path: string, message: string): void => {
      issues.push({ code: 'custom', input: head, path: [path], message });
    };
    if (head.m < head.n) wrong('m', `${head.m} candidates cannot give n = ${head.n} global people`);
    if (head.localWeights && head.localWeights.length !== 2 * head.k) {
      wrong('localWeights', `${head.localWeights.length} weights; k = ${head.k} needs ${2 * head.k}`);
    }
    if (head.secondLook !== undefined && head.k === 0) wrong('secondLook', 'there are no local frames to leave out');
    if (head.flipPairs) {
      const flat = head.flipPairs.flat();
      if (flat.some((index) => index >= head.joints.length)) wrong('flipPairs', 'an index is not that of a joint');
      if (new Set(flat).size !== flat.length) wrong('flipPairs', 'a joint stands in two pairs');
    } else {
      const lonely = head.joints.find((name) => !head.joints.includes(mirrored(name)));
      if (lonely) wrong('flipPairs', `${lonely} has no mirror image among the joints; name the pairs`);
    }
  })
  .transform((head) => ({
    ...head,
    localWeights: head.localWeights ?? linearLocalWeights(head.k),
    flipPairs: head.flipPairs ?? mirrorPairs(head.joints),
  }));

export const bundleConfigSchema = z
  .strictObject({
    format: z.literal(1),
    name: fileName,
    description: z.string(),
    license: z.string(),
    extractor: extractorSchema,
    detector: detectorSchema.optional(),
    head: headSchema.optional(),
  })
  .check(({ value: config, issues }) => {
    const { features, input, ownPose } = config.extractor;
    for (const [path, part] of [
      [['extractor', 'ownPose'], ownPose],
      [['head'], config.head],
    ] as const) {
      const problem = part?.offsets && problemOf(part.offsets, part.joints);
      if (problem) issues.push({ code: 'custom', input: config, path: [...path, 'offsets'], message: problem });
    }
    for (const part of ['mean', 'std'] as const) {
      const given = features[part]?.length;
      if (given !== undefined && given !== features.channels) {
        const message = `${given} values for ${features.channels} channels`;
        issues.push({ code: 'custom', input: config, path: ['extractor', 'features', part], message });
      }
    }
    const sizes = {
      'extractor.input': 3 * input.width * input.height,
      'extractor.features': features.channels * features.width * features.height,
      'detector.input': 3 * detectorPixels(config.detector),
    };
    for (const [member, values] of Object.entries(sizes)) {
      const message = `${values} values; at most ${MAX_VALUES} are taken`;
      if (values > MAX_VALUES) issues.push({ code: 'custom', input: config, path: member.split('.'), message });
    }
    if (features.width * input.height !== features.height * input.width) {
      const message = `${features.width}×${features.height} is not the aspect of the ${input.width}×${input.height} input`;
      issues.push({ code: 'custom', input: config, path: ['extractor', 'features'], message });
    }
  })
  .transform((config) => {
    const { features } = config.extractor;
    const mean = features.mean ?? new Array<number>(features.channels).fill(0);
    const std = features.std ?? new Array<number>(features.channels).fill(1);
    return { ...config, extractor: { ...config.extractor, features: { ...features, mean, std } } };
  });

function detectorPixels(detector: DetectorConfig | undefined): number {
  if (!detector) return 0;
  return detector.kind === 'movenet-multipose'
    ? detector.input.longerSide ** 2
    : detector.input.width * detector.input.height;
}

/** A checked config.json, with its defaults filled in. */
export type BundleConfig = z.output<typeof bundleConfigSchema>;
/** What may stand in config.json. */
export type BundleConfigFile = z.input<typeof bundleConfigSchema>;
export type ExtractorConfig = BundleConfig['extractor'];
export type DetectorConfig = z.output<typeof detectorSchema>;
/** A detector of objects that glpose takes people from. */
export type ObjectDetectorConfig = Exclude<DetectorConfig, { kind: 'movenet-multipose' }>;
export type HeadConfig = NonNullable<BundleConfig['head']>;
export type OwnPoseConfig = ExtractorConfig['ownPose'];

/** Offsets of the local frames in the order of W_l: −k … −1, 1 … k. */
export function localOffsets(k: number): number[] {
  return Array.from({ length: 2 * k }, (_, i) => (i < k ? i - k : i - k + 1));
}

/** The default T of Eq. 2: (k + 1 − |δ|) / (k + 1). */
function linearLocalWeights(k: number): number[] {
  return localOffsets(k).map((offset) => (k + 1 - Math.abs(offset)) / (k + 1));
}

function mirrorPairs(joints: readonly string[]): [number, number][] {
  const pairs = joints.map((name, i): [number, number] => [i, joints.indexOf(mirrored(name))]);
  return pairs.filter(([i, j]) => i < j);
}
