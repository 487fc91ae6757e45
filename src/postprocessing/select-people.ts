import type { FrameList, FramePoses, PersonPose, VideoPoses } from '../types.js';

/** Which people of a video are wanted. */
export type PeopleChoice =
  | { kind: 'largest' } // by the area of the box over all frames
  | { kind: 'most-moved' } // by the way of the box's middle, in body heights
  | { kind: 'near'; x: number; y: number } // by the mean distance of the box to a place in the picture, pixels
  | { kind: 'ids'; ids: number[] };

/** A region of the picture: corners in order, pixels. */
export type Polygon = readonly { x: number; y: number }[];

export interface SelectOptions {
  people?: PeopleChoice;
  /** At most so many: those who suit `people` best; by default the largest. */
  atMost?: number;
  /** Only those whose box has its middle in this region, in half or more of their frames. */
  within?: Polygon;
}

/** A choice as a user writes it: `largest`, `most-moved`, `near:x,y`, or track numbers with commas. Throws an Error that says so. */
export function parsePeople(text: string): PeopleChoice {
  const word = text.trim();
  if (word === 'largest' || word === 'most-moved') return { kind: word };
  const near = /^near:(-?\d+(?:\.\d+)?),(-?\d+(?:\.\d+)?)$/.exec(word);
  if (near) return { kind: 'near', x: Number(near[1]), y: Number(near[2]) };
  if (/^\d+(\s*,\s*\d+)*$/.test(word)) return { kind: 'ids', ids: word.split(',').map(Number) };
  throw new Error('Expected largest, most-moved, near:x,y, or track numbers with commas.');
}

/** A region as a user writes it: a rectangle `x,y,width,height`, or corners `x,y;x,y;x,y`. Throws an Error that says so. */
export function parseRegion(text: string): Polygon {
  const corners = text
    .split(';')
    .map((corner) => corner.split(',').map((part) => (part.trim() === '' ? NaN : Number(part))));
  const finite = corners.flat().every(Number.isFinite);
  if (finite && corners.length === 1 && corners[0].length === 4 && corners[0][2] > 0 && corners[0][3] > 0) {
    const [x, y, width, height] = corners[0];
    return [{ x, y }, { x: x + width, y }, { x: x + width, y: y + height }, { x, y: y + height }]; // prettier-ignore
  }
  if (finite && corners.length >= 3 && corners.every(({ length }) => length === 2))
    return corners.map(([x, y]) => ({ x, y }));
  throw new Error('Expected x,y,width,height in pixels, or a JSON file of corners [[x,y],…].');
}

/** Who is meant by options as a user writes them. Throws as parsePeople and parseRegion. */
export function parseSelection(options: { people?: string; atMost?: number; within?: string }): {
  [Name in keyof Required<SelectOptions>]: SelectOptions[Name];
} {
  return {
    people: options.people === undefined ? undefined : parsePeople(options.people),
    atMost: options.atMost,
    within: options.within === undefined ? undefined : parseRegion(options.within),
  };
}

/** What is known of a track when people are chosen. */
interface TrackFacts {
  frames: number;
  /** Sum of the boxes' areas, px². */
  area: number;
  /** Way of the box's middle, in heights of the box. */
  way: number;
  /** Sum of the distances to the asked-for place, pixels. */
  distance: number;
  /** Frames in the region. */
  inside: number;
  last: PersonPose['box'];
}

/** The numbers of the chosen people, the best first; of everyone where nothing is asked for. */
export function choosePeople(frames: Iterable<FramePoses>, { people, atMost, within }: SelectOptions): number[] {
  const tracks = new Map<number, TrackFacts>();
  for (const { people: here } of frames) for (const person of here) count(tracks, person, people, within);
  let chosen = [...tracks].filter(([, facts]) => !within || 2 * facts.inside >= facts.frames);
  if (people?.kind === 'ids') chosen = chosen.filter(([id]) => people.ids.includes(id));
  const worth = ([, facts]: [number, TrackFacts]): number => {
    if (people?.kind === 'most-moved') return facts.way;
    if (people?.kind === 'near') return -facts.distance / facts.frames;
    return facts.area;
  };
  chosen.sort((a, b) => worth(b) - worth(a) || a[0] - b[0]);
  // `largest`, `near` and `most-moved` mean one person unless more are asked for
  const limit = atMost ?? (people && people.kind !== 'ids' ? 1 : Infinity);
  return chosen.slice(0, limit).map(([id]) => id);
}

function count(
  tracks: Map<number, TrackFacts>,
  { trackId, box }: PersonPose,
  people: PeopleChoice | undefined,
  within: Polygon | undefined,
): void {
  const facts = tracks.get(trackId) ?? { frames: 0, area: 0, way: 0, distance: 0, inside: 0, last: box };
  const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
  const [lastX, lastY] = [facts.last.x + facts.last.width / 2, facts.last.y + facts.last.height / 2];
  facts.frames++;
  facts.area += box.width * box.height;
  facts.way += Math.hypot(x - lastX, y - lastY) / Math.max(1, box.height);
  if (people?.kind === 'near') facts.distance += distanceTo(box, people.x, people.y);
  if (within && isInside(within, x, y)) facts.inside++;
  facts.last = box;
  tracks.set(trackId, facts);
}

/** 0 inside the box. */
function distanceTo({ x, y, width, height }: PersonPose['box'], placeX: number, placeY: number): number {
  const [dx, dy] = [Math.max(x - placeX, 0, placeX - x - width), Math.max(y - placeY, 0, placeY - y - height)];
  return Math.hypot(dx, dy);
}

/** Whether a place lies in a polygon (even–odd rule). */
export function isInside(polygon: Polygon, x: number, y: number): boolean {
  let inside = false;
  for (let i = 0, j = polygon.length - 1; i < polygon.length; j = i++) {
    const [a, b] = [polygon[i], polygon[j]];
    if (a.y > y !== b.y > y && x < a.x + ((y - a.y) / (b.y - a.y)) * (b.x - a.x)) inside = !inside;
  }
  return inside;
}

/**
 * The same video with the chosen people alone; all frames stay. Without options, everyone is chosen.
 * @param starts places in the frames where parts begin in which people have other numbers: they are chosen in each part
 */
export function selectPeople<Frames extends FrameList>(
  video: VideoPoses<Frames>,
  options: SelectOptions,
  starts: readonly number[] = [0],
): VideoPoses<FrameList> {
  if (!options.people && !options.within && options.atMost === undefined) return video;
  const parts = starts.map((start, i) => slice(video.frames, start, starts[i + 1] ?? Infinity));
  const chosen = new Set(parts.flatMap((part) => choosePeople(part, options)));
  return { ...video, frames: new ChosenPeople(video.frames, chosen) };
}

function* slice(frames: FrameList, start: number, end: number): Generator<FramePoses, void, undefined> {
  let place = 0;
  for (const frame of frames) {
    if (place >= end) return;
    if (place++ >= start) yield frame;
  }
}

/** Frames with the chosen people alone, made as they are gone through. */
class ChosenPeople implements FrameList {
  constructor(
    private readonly frames: FrameList,
    private readonly chosen: ReadonlySet<number>,
  ) {}

  get length(): number {
    return this.frames.length;
  }

  *[Symbol.iterator](): Generator<FramePoses, void, undefined> {
    for (const frame of this.frames) {
      yield { ...frame, people: frame.people.filter(({ trackId }) => this.chosen.has(trackId)) };
    }
  }
}
