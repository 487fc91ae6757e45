/*
 * What published numbers are made with, as options of a run: a comparison with a paper that differs in one of them compares that. The
 * values are those of the HRNet and DCPose code for PoseTrack, and of HRNet's for COCO; docs/evaluation.md says more.
 */
import type { OptionName, RunOptionValues } from './options.js';
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

/** Boxes of a detector's with a score of 0.2 or more, no flip test, no NMS of poses; joints ranked by heat map × box score. */
const POSETRACK: Wanted = { ...AS_ESTIMATED, minScore: 0.2, flip: undefined, poseNms: 1 };

const PROTOCOLS: Record<ProtocolName, Wanted> = {
  posetrack17: { ...POSETRACK, format: ['posetrack17'] },
  posetrack18: { ...POSETRACK, format: ['posetrack18'] },
  /** All boxes of a detector's, the flip test, NMS of poses by OKS 0.9. */
  coco: { ...AS_ESTIMATED, minScore: 0, flip: true, poseNms: 0.9, format: ['coco-results'] },
};

/** The options that a protocol sets. */
export function protocolOptions(name: ProtocolName): Partial<RunOptionValues> {
  const set = Object.entries(PROTOCOLS[name]).filter(([, value]) => value !== undefined);
  return Object.fromEntries(set) as Partial<RunOptionValues>;
}

/**
 * How a run differs from a protocol, in words; empty where it does not.
 * @param options as they stand in run.json
 */
export function deviations(name: ProtocolName, options: Readonly<Record<string, unknown>>): string[] {
  const differing = Object.entries(PROTOCOLS[name]).flatMap(([option, wanted]): string[] => {
    const flag = `--${option.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
    const value = options[option] ?? undefined;
    if (option === 'format' && isListWith(value, (wanted as string[])[0])) return [];
    if (JSON.stringify(value) === JSON.stringify(wanted) || (value === false && wanted === undefined)) return [];
    const withValue = (of: unknown): string => (of === true ? flag : `${flag} ${textOf(of)}`);
    if (wanted === undefined) return [`with ${withValue(value)}`];
    return [
      value === undefined || value === false
        ? `without ${withValue(wanted)}`
        : `${flag} ${textOf(value)} instead of ${textOf(wanted)}`,
    ];
  });
  const boxes = options.boxes === undefined ? ['people were detected here, not taken from a file (--boxes)'] : [];
  return [...boxes, ...differing];
}

function isListWith(value: unknown, item: string): boolean {
  return Array.isArray(value) && value.includes(item);
}

function textOf(value: unknown): string {
  if (Array.isArray(value)) return value.join(',');
  return typeof value === 'object' && value !== null ? Object.values(value).join(',') : String(value);
}
