/* Options that say which part of a video, whom, and which filters: the same words wherever poses are worked on. */
import { readFileSync } from 'node:fs';
import { InvalidArgumentError, type Command } from 'commander';
import { messageOf } from '../errors.js';
import { BUTTERWORTH_DEFAULTS, type ButterworthOptions } from '../postprocessing/butterworth.js';
import { FILL_GAPS_DEFAULT } from '../postprocessing/filter-poses.js';
import { HAMPEL_DEFAULTS, type HampelOptions } from '../postprocessing/hampel.js';
import { parsePeople, type PeopleChoice, type Polygon } from '../postprocessing/select-people.js';
import { parseMoment, type Moment } from '../postprocessing/time-ranges.js';
import { positiveInteger, positiveNumber } from '../values.js';
import { argument } from './arguments.js';

/** Which part of a video, and whom. */
export interface PartOptions {
  from?: Moment[];
  to?: Moment[];
  people?: PeopleChoice;
  atMost?: number;
  within?: Polygon;
}

/** Adds --from, --to, --people, --at-most and --within. */
export function addPartOptions(command: Command): Command {
  return command
    .option('--from <moments>', 'begin here: seconds, h:mm:ss, or a frame as in 300f; several parts with commas', moments) // prettier-ignore
    .option('--to <moments>', 'end here, as --from; both ends are included', moments)
    .option('--people <who>', 'largest, most-moved, near:x,y (pixels), or track numbers with commas', peopleChoice)
    .option('--at-most <n>', 'at most so many people: those who suit --people best, else the largest', argument(positiveInteger))
    .option('--within <region>', 'only people in this region: x,y,width,height in pixels, or a JSON file [[x,y],…]', region); // prettier-ignore
}

export function moments(text: string): Moment[] {
  return text.split(',').map((part) => {
    const moment = parseMoment(part);
    if (moment) return moment;
    throw new InvalidArgumentError('Expected seconds, h:mm:ss, or a frame as in 300f; several with commas.');
  });
}

export function peopleChoice(text: string): PeopleChoice {
  const choice = parsePeople(text);
  if (choice) return choice;
  throw new InvalidArgumentError('Expected largest, most-moved, near:x,y, or track numbers with commas.');
}

/** A rectangle, or the polygon in a file. */
export function region(text: string): Polygon {
  const numbers = text.split(',').map((part) => (part.trim() === '' ? NaN : Number(part)));
  if (numbers.length === 4 && numbers.every(Number.isFinite) && numbers[2] > 0 && numbers[3] > 0) {
    const [x, y, width, height] = numbers;
    return [{ x, y }, { x: x + width, y }, { x: x + width, y: y + height }, { x, y: y + height }]; // prettier-ignore
  }
  let corners: unknown;
  try {
    corners = JSON.parse(readFileSync(text, 'utf8'));
  } catch (thrown) {
    throw new InvalidArgumentError(`Expected x,y,width,height, or a JSON file: ${messageOf(thrown)}`);
  }
  const isCorner = (corner: unknown): corner is [number, number] => Array.isArray(corner) && corner.length === 2 && corner.every(Number.isFinite); // prettier-ignore
  if (!Array.isArray(corners) || corners.length < 3 || !corners.every(isCorner)) {
    throw new InvalidArgumentError(`Expected three or more corners [[x,y],…] in ${text}.`);
  }
  return corners.map(([x, y]) => ({ x, y }));
}

export interface FilterCommandOptions {
  minJointScore?: number;
  hampel?: HampelOptions | true;
  fillGaps?: number | true;
}

/** Adds --min-joint-score, --hampel and --fill-gaps. @param leastScore the default of the first */
export function addFilterOptions(command: Command, leastScore?: number): Command {
  const { halfWidth, sigmas } = HAMPEL_DEFAULTS;
  return command
    .option('--min-joint-score <score>', 'joints with lower scores are missing, 0–1', unitScore, leastScore)
    .option(
      '--hampel [frames,sigmas]',
      `put outliers on the median of so many frames on either side (Hampel filter); default ${halfWidth},${sigmas} where it is given bare`,
      hampelOptions,
    )
    .option(
      '--fill-gaps [frames]',
      `fill gaps of at most so many frames; default ${FILL_GAPS_DEFAULT} where it is given bare`,
      argument(positiveInteger),
    );
}

/** The options with the defaults of what was given bare. */
export function settledFilters({ minJointScore, hampel, fillGaps }: FilterCommandOptions): {
  minJointScore: number | undefined;
  hampel: HampelOptions | undefined;
  fillGaps: number | undefined;
} {
  return {
    minJointScore,
    hampel: hampel === true ? HAMPEL_DEFAULTS : hampel,
    fillGaps: fillGaps === true ? FILL_GAPS_DEFAULT : fillGaps,
  };
}

export function unitScore(text: string): number {
  const value = text.trim() === '' ? NaN : Number(text);
  if (!(value >= 0 && value <= 1)) throw new InvalidArgumentError('Expected a number from 0 to 1.');
  return value;
}

function hampelOptions(text: string): HampelOptions {
  const [halfWidth, sigmas = HAMPEL_DEFAULTS.sigmas, ...rest] = text.split(',').map((part) => (part.trim() === '' ? NaN : Number(part))); // prettier-ignore
  if (!(Number.isSafeInteger(halfWidth) && halfWidth >= 1 && sigmas > 0 && Number.isFinite(sigmas)) || rest.length > 0)
    throw new InvalidArgumentError('Expected a number of frames and one of sigmas, such as 3,3.');
  return { halfWidth, sigmas };
}

export function butterworthOptions(text: string): ButterworthOptions {
  const [cutoffText, orderText = String(BUTTERWORTH_DEFAULTS.order), ...rest] = text.split(',');
  const [cutoff, order] = [positiveNumber(cutoffText), positiveInteger(orderText)];
  if (order % 2 !== 0 || order > 12 || rest.length > 0)
    throw new InvalidArgumentError(
      `Expected a cut-off in Hz and an even order up to 12, such as ${butterworthText()}.`,
    );
  return { cutoff, order };
}

export function butterworthText({ cutoff, order } = BUTTERWORTH_DEFAULTS): string {
  return `${cutoff},${order}`;
}
