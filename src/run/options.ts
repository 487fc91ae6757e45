/*
 * The options of a run, one table: the command line, its help and completion, the library, run.json, `--repeat`, and what
 * counts as the same work are all made from it. To add an option, add a row, and read it where it acts.
 */
import { DEFAULT_BUNDLE } from '../bundle/bundle.js';
import { DEVICES, parseDevice, type Device } from '../estimation/device.js';
import type { RenderStyle } from '../drawing/render.js';
import { ESTIMATE_DEFAULTS, isDetectSize } from '../estimation/estimate-options.js';
import type { Reuse } from '../estimation/glpose.js';
import { EXTRACTOR_RUNTIMES, type ExtractorRuntime, type Method } from '../estimation/model.js';
import { regionText } from '../formats/region.js';
import { DEFAULT_FORMATS, RESULT_FORMATS, type ResultFormat } from '../formats/results.js';
import { BRIDGE_DEFAULTS, type BridgeOptions } from '../postprocessing/bridge.js';
import { BUTTERWORTH_DEFAULTS, type ButterworthOptions } from '../postprocessing/butterworth.js';
import { FILL_GAPS_DEFAULT } from '../postprocessing/filter-poses.js';
import { HAMPEL_DEFAULTS, type HampelOptions } from '../postprocessing/hampel.js';
import { parsePeople } from '../postprocessing/select-people.js';
import { SMOOTH_DEFAULTS, type SmoothOptions } from '../postprocessing/smooth.js';
import { parseMoments } from '../postprocessing/time-ranges.js';
import { nonNegativeInteger, numbersOf, oneOf, positiveInteger, positiveNumber, share } from '../values.js';
import { defaulted, option, type ValueOf } from './option.js';
import { PROTOCOL_NAMES } from './protocol-names.js';
import { parseShard, type Shard } from './shard.js';

/** What decides results and is repeated; what only says how to work; where to write. */
const RESULTS = { decides: true, repeated: true };
const WORK = { decides: false, repeated: true };
const PLACE = { decides: false, repeated: false };

const smoothText = ({ minCutoff, beta }: SmoothOptions): string => `${minCutoff},${beta}`;
const bridgeText = ({ sure, longest }: BridgeOptions): string => `${sure},${longest}`;

const hampelText = ({ halfWidth, sigmas }: HampelOptions): string => `${halfWidth},${sigmas}`;
export const butterworthText = ({ cutoff, order }: ButterworthOptions): string => `${cutoff},${order}`;

/** A text that is kept as it was written, once it was seen to be one. */
const checked =
  (parse: (text: string) => unknown) =>
  (text: string): string => {
    parse(text);
    return text;
  };

export const RUN_OPTIONS = {
  out: option<string>({
    flags: '-o, --out <folder>',
    help: 'where results go: <format>/<video>.json, render/, run.json',
    ...PLACE,
  }),
  // Model, method, device and runtime are not among what decides: the model itself says more (provenance.ts).
  model: defaulted<string>({
    flags: '--model <bundle>',
    help: 'a bundle by name (see glpose models list) or folder',
    default: DEFAULT_BUNDLE,
    ...WORK,
  }),
  method: option<Method>({
    flags: '--method <name>',
    help: 'glpose, or the extractor alone; default: glpose where the head is trained',
    choices: ['glpose', 'single-frame'],
    ...WORK,
  }),
  boxes: option<string>({
    flags: '--boxes <file>',
    help: 'use these person boxes: COCO detections, PoseTrack annotations (json), MOT (txt)',
    file: true,
    ...RESULTS,
  }),
  detector: option<string>({
    flags: '--detector <config>',
    help: 'find people with this detector: a JSON file that says of what kind an ONNX file is',
    file: true,
    ...RESULTS,
  }),
  device: defaulted<Device>({
    flags: '--device <name>',
    help: DEVICES,
    default: 'auto',
    parse: parseDevice,
    ...WORK,
  }),
  extractorRuntime: defaulted<ExtractorRuntime>({
    flags: '--extractor-runtime <name>',
    help: 'what runs the extractor: glpose (its own kernels), onnx (ONNX Runtime), or auto: on a CPU the faster of those that can, on a GPU glpose where it can',
    choices: EXTRACTOR_RUNTIMES,
    default: 'auto',
    ...WORK,
  }),
  reuse: option<Reuse>({
    flags: '--reuse <way>',
    help: 'neighbours’ feature maps: exact, as in the paper, or warp, one pass a person and frame; default: the bundle’s',
    choices: ['exact', 'warp'],
    ...RESULTS,
  }),
  flip: option<boolean>({
    flags: '--flip',
    help: 'flip test: look at everyone in the mirror, too, and average the heat maps; takes twice as long',
    ...RESULTS,
  }),
  threads: option<number>({
    flags: '--threads <count>',
    help: 'CPU threads; default: all cores',
    parse: positiveInteger,
    ...WORK,
  }),
  minScore: defaulted<number>({
    flags: '--min-score <score>',
    help: 'lowest detection score of a person, 0–1',
    default: ESTIMATE_DEFAULTS.minBoxScore,
    parse: share,
    ...RESULTS,
  }),
  detectEvery: option<number>({
    flags: '--detect-every <n>',
    help: 'detect everyone in every n-th frame only; in between, people are followed; default: frames 0.25 s apart, 10 at most',
    parse: positiveInteger,
    ...RESULTS,
  }),
  detectSize: option<number>({
    flags: '--detect-size <pixels>',
    help: 'longer side of frames in the detector, 32–4096; default: the sizes that the people in sight need',
    parse(text) {
      const value = positiveInteger(text);
      if (isDetectSize(value)) return value;
      throw new Error('Expected a whole number from 32 to 4096.');
    },
    ...RESULTS,
  }),
  protocol: option<(typeof PROTOCOL_NAMES)[number]>({
    flags: '--protocol <name>',
    help: 'set what published numbers are made with; options given beside it count instead (docs/evaluation.md)',
    choices: PROTOCOL_NAMES,
    ...WORK,
  }),
  poseNms: defaulted<number>({
    flags: '--pose-nms <oks>',
    help: 'two boxes show one person where their coarse poses are more alike, 0–1; 1: everyone stays',
    default: ESTIMATE_DEFAULTS.poseNms,
    parse: share,
    ...RESULTS,
  }),
  oksNms: defaulted<number>({
    flags: '--oks-nms <oks>',
    help: 'of final poses more alike than this, the one with the lower score goes, 0–1; 1: everyone stays',
    default: ESTIMATE_DEFAULTS.oksNms,
    parse: share,
    ...RESULTS,
  }),
  shareOut: defaulted<boolean>({
    flags: '--no-share-out',
    help: 'neither give out joints over people who overlap nor paint others over: everyone has the best of their own window',
    default: ESTIMATE_DEFAULTS.shareOut,
    ...RESULTS,
  }),
  agreement: defaulted<boolean>({
    flags: '--no-agreement',
    help: 'joints where the head alone has them, as in the paper: neither the extractor’s own pose nor the frames around have a say, nor do the bundle’s offsets',
    default: ESTIMATE_DEFAULTS.agreement,
    ...RESULTS,
  }),
  every: defaulted<number>({
    flags: '--every <n>',
    help: 'estimate poses in every n-th frame only',
    default: ESTIMATE_DEFAULTS.every,
    parse: positiveInteger,
    ...RESULTS,
  }),
  fps: option<number>({
    flags: '--fps <rate>',
    help: 'frames a second of folders of images, which do not say; by it, they have seconds',
    parse: positiveNumber,
    ...RESULTS,
  }),
  from: option<string>({
    flags: '--from <moments>',
    help: 'begin here: seconds, h:mm:ss, or a frame as in 300f; several parts with commas',
    parse: checked(parseMoments),
    ...RESULTS,
  }),
  to: option<string>({
    flags: '--to <moments>',
    help: 'end here, as --from; both ends are included',
    parse: checked(parseMoments),
    ...RESULTS,
  }),
  people: option<string>({
    flags: '--people <who>',
    help: 'only these: largest, most-moved, near:x,y (pixels), or track numbers with commas',
    parse: checked(parsePeople),
    ...RESULTS,
  }),
  atMost: option<number>({
    flags: '--at-most <n>',
    help: 'at most so many people: those who suit --people best, else the largest',
    parse: positiveInteger,
    ...RESULTS,
  }),
  within: option<string>({
    flags: '--within <region>',
    help: 'only people in this region: x,y,width,height in pixels, or a JSON file [[x,y],…]',
    parse: regionText,
    ...RESULTS,
  }),
  seed: defaulted<number>({
    flags: '--seed <number>',
    help: 'seed of the draw of global candidates',
    default: ESTIMATE_DEFAULTS.seed,
    parse: nonNegativeInteger,
    ...RESULTS,
  }),
  format: defaulted<readonly ResultFormat[]>({
    flags: '--format <names>',
    help: 'results in these formats, several with commas',
    choices: RESULT_FORMATS,
    default: DEFAULT_FORMATS,
    parse: (text) => [...new Set(text.split(',').map((name) => oneOf(RESULT_FORMATS, name.trim())))],
    ...RESULTS,
  }),
  smooth: option<SmoothOptions>({
    flags: '--smooth [minCutoff,beta]',
    help: 'smooth the joints over time (One-Euro filter)',
    bare: smoothText(SMOOTH_DEFAULTS),
    parse(text) {
      const [minCutoff, beta, ...rest] = numbersOf(text);
      if (minCutoff > 0 && beta >= 0 && Number.isFinite(minCutoff + beta) && rest.length === 0) {
        return { minCutoff, beta };
      }
      throw new Error(`Expected a cut-off above 0 and a slope from 0 up, such as ${smoothText(SMOOTH_DEFAULTS)}.`);
    },
    ...RESULTS,
  }),
  bridge: option<BridgeOptions>({
    flags: '--bridge [sure,frames]',
    help: 'unsure joints (score below <sure>) between sure frames, at most <frames> in a row: the line between',
    bare: bridgeText(BRIDGE_DEFAULTS),
    parse(text) {
      const [sure, longest, ...rest] = numbersOf(text);
      if (sure > 0 && sure <= 1 && Number.isSafeInteger(longest) && longest > 0 && rest.length === 0) {
        return { sure, longest };
      }
      const expected = 'a score above 0 and at most 1, and a whole number of frames from 1 up';
      throw new Error(`Expected ${expected}, such as ${bridgeText(BRIDGE_DEFAULTS)}.`);
    },
    ...RESULTS,
  }),
  hampel: option<HampelOptions>({
    flags: '--hampel [frames,sigmas]',
    help: 'put outliers on the median of so many frames on either side (Hampel filter)',
    bare: hampelText(HAMPEL_DEFAULTS),
    parse(text) {
      const [halfWidth, sigmas = HAMPEL_DEFAULTS.sigmas, ...rest] = numbersOf(text);
      const fits = Number.isSafeInteger(halfWidth) && halfWidth >= 1 && sigmas > 0 && Number.isFinite(sigmas);
      if (fits && rest.length === 0) return { halfWidth, sigmas };
      throw new Error(`Expected a number of frames and one of sigmas, such as ${hampelText(HAMPEL_DEFAULTS)}.`);
    },
    ...RESULTS,
  }),
  fillGaps: option<number>({
    flags: '--fill-gaps [frames]',
    help: 'fill gaps of at most so many frames in a joint',
    bare: String(FILL_GAPS_DEFAULT),
    parse: positiveInteger,
    ...RESULTS,
  }),
  butterworth: option<ButterworthOptions>({
    flags: '--butterworth [Hz,order]',
    help: 'zero-phase low-pass filter',
    bare: butterworthText(BUTTERWORTH_DEFAULTS),
    parse(text) {
      const [cutoff, order = BUTTERWORTH_DEFAULTS.order, ...rest] = numbersOf(text);
      const fits = cutoff > 0 && Number.isFinite(cutoff) && order >= 2 && order <= 12 && order % 2 === 0;
      if (fits && rest.length === 0) return { cutoff, order };
      throw new Error(
        `Expected a cut-off in Hz and an even order up to 12, such as ${butterworthText(BUTTERWORTH_DEFAULTS)}.`,
      );
    },
    ...RESULTS,
  }),
  render: option<RenderStyle['form']>({
    flags: '--render [form]',
    help: 'also draw the skeletons: mp4, png or jpg; auto: mp4 of videos, jpg of folders',
    bare: 'auto',
    parse: (text) => oneOf(['auto', 'mp4', 'png', 'jpg'] as const, text),
    ...RESULTS,
  }),
  limbWidth: option<number>({
    flags: '--limb-width <pixels>',
    help: 'with --render: width of limbs; default: by the size of the person',
    parse: positiveNumber,
    ...RESULTS,
  }),
  labels: defaulted<boolean>({
    flags: '--no-labels',
    help: 'with --render: no track numbers',
    default: true,
    ...RESULTS,
  }),
  drawBoxes: option<boolean>({ flags: '--draw-boxes', help: 'with --render: the person boxes, too', ...RESULTS }),
  blurFaces: option<boolean>({
    flags: '--blur-faces',
    help: 'with --render: make the heads of the people found unrecognisable',
    ...RESULTS,
  }),
  shard: option<Shard>({
    flags: '--shard <i/n>',
    help: 'do part i of n only; auto: the part that Slurm, Kubernetes or GNU parallel gives this process',
    parse: (text) => parseShard(text),
    ...PLACE,
  }),
  resume: defaulted<boolean>({
    flags: '--no-resume',
    help: 'do all videos again, also those that an earlier run into this folder has done alike',
    default: true,
    ...PLACE,
  }),
};

export type OptionName = keyof typeof RUN_OPTIONS;

/** The value of every option; undefined where it was left out and has no default. */
export type RunOptionValues = { [Name in OptionName]: ValueOf<(typeof RUN_OPTIONS)[Name]> };

/** The options with the defaults of those that were left out. */
export function withDefaults(given: Partial<RunOptionValues>): RunOptionValues {
  const defaults = Object.entries(RUN_OPTIONS).map(([name, { default: value }]) => [name, value]);
  const own = Object.entries(given).filter(([name, value]) => Object.hasOwn(RUN_OPTIONS, name) && value !== undefined);
  return { ...Object.fromEntries(defaults), ...Object.fromEntries(own) } as RunOptionValues;
}

/** Those of the options, by their names, for which `is` holds; what is no option of a run is left out. */
export function optionsThat(
  is: 'decides' | 'repeated' | 'file',
  options: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const known = (name: string): name is OptionName => Object.hasOwn(RUN_OPTIONS, name);
  return Object.fromEntries(Object.entries(options).filter(([name]) => known(name) && RUN_OPTIONS[name][is]));
}
