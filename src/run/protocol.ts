/*
 * What published numbers are made with, as options of a run: a comparison with a paper that differs in one of them compares that. The
 * values are those of the HRNet and DCPose code for PoseTrack, and of HRNet's for COCO; docs/evaluation.md says more.
 */
import { RUN_OPTIONS, type OptionName, type RunOptionValues } from './options.js';
import type { ProtocolName } from './protocol-names.js';

/** An option as a protocol wants it. `undefined`: left out. */
type Wanted = Partial<Record<OptionName, unknown>>;

/** What no protocol has: poses are scored as they were estimated, in every frame, of everyone. */
const AS_ESTIMATED: Wanted = {
  every: 1,
  from: undefined,
  to: undefined,
  people: undefined,
  atMost: undefined,
  within: undefined,
  smooth: undefined,
  bridge: undefined,
  hampel: undefined,
  fillGaps: undefined,
  butterworth: undefined,
};

/** Boxes of a detector's with a score of 0.2 or more, no flip test, no NMS of poses, each frame by itself; joints ranked by heat map × box score. */
const POSETRACK: Wanted = {
  ...AS_ESTIMATED,
  minScore: 0.2,
  flip: undefined,
  poseNms: 1,
  oksNms: 1,
  shareOut: false,
  agreement: false,
};

const PROTOCOLS: Record<ProtocolName, Wanted> = {
  posetrack17: { ...POSETRACK, format: ['posetrack17'] },
  posetrack18: { ...POSETRACK, format: ['posetrack18'] },
  /** All boxes of a detector's, the flip test, NMS of final poses by OKS 0.9. */
  coco: {
    ...AS_ESTIMATED,
    minScore: 0,
    flip: true,
    poseNms: 1,
    oksNms: 0.9,
    shareOut: false,
    agreement: false,
    format: ['coco-results'],
  },
};

/** The options that a protocol sets. */
export function protocolOptions(name: ProtocolName): Partial<RunOptionValues> {
  const set = Object.entries(PROTOCOLS[name]).filter(([, value]) => value !== undefined);
  return Object.fromEntries(set) as Partial<RunOptionValues>;
}

/** How all of the protocols decode heat maps: a quarter of a cell towards the higher neighbour. */
const DECODE = 'quarter';

/**
 * How a run differs from a protocol, in words; empty where it does not.
 * @param options as they stand in run.json; what is lacking has its default
 * @param decode how the model made joints of heat maps; undefined where it is not known
 */
export function deviations(
  name: ProtocolName,
  options: Readonly<Record<string, unknown>>,
  decode: string | undefined,
): string[] {
  const differing = Object.entries(PROTOCOLS[name]).flatMap(([option, wanted]): string[] => {
    const { flags, default: usual } = RUN_OPTIONS[option as OptionName];
    const [flag] = flags.split(' ');
    const isOff = (of: unknown): boolean => of === undefined || of === flag.startsWith('--no-');
    const withValue = (of: unknown): string => (typeof of === 'boolean' ? flag : `${flag} ${textOf(of)}`);
    const value = options[option] ?? usual;
    if (option === 'format' && isListWith(value, (wanted as string[])[0])) return [];
    if (JSON.stringify(value) === JSON.stringify(wanted) || (isOff(value) && isOff(wanted))) return [];
    if (isOff(wanted)) return [`with ${withValue(value)}`];
    if (isOff(value)) return [`without ${withValue(wanted)}`];
    return [`${flag} ${textOf(value)} instead of ${textOf(wanted)}`];
  });
  const boxes = options.boxes === undefined ? ['people were detected here, not taken from a file (--boxes)'] : [];
  const decoded =
    decode !== undefined && decode !== DECODE
      ? [`heat maps were decoded in the bundle's way, ${decode}, instead of ${DECODE}`]
      : [];
  return [...boxes, ...differing, ...decoded];
}

function isListWith(value: unknown, item: string): boolean {
  return Array.isArray(value) && value.includes(item);
}

function textOf(value: unknown): string {
  if (Array.isArray(value)) return value.join(',');
  return typeof value === 'object' && value !== null ? Object.values(value).join(',') : String(value);
}
