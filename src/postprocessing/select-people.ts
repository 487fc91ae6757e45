import type { FramePoses, PersonPose, VideoPoses } from '../types.js';

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

/**
 * A choice as a user writes it: `largest`, `most-moved`, `near:x,y`, or track numbers with commas.
 * @returns null where it is none
 */
export function parsePeople(text: string): PeopleChoice | null {
  const word = text.trim();
  if (word === 'largest' || word === 'most-moved') return { kind: word };
  const near = /^near:(-?\d+(?:\.\d+)?),(-?\d+(?:\.\d+)?)$/.exec(word);
  if (near) return { kind: 'near', x: Number(near[1]), y: Number(near[2]) };
  if (/^\d+(\s*,\s*\d+)*$/.test(word)) return { kind: 'ids', ids: word.split(',').map(Number) };
  return null;
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

/** The same video with the chosen people alone; all frames stay. */
export function selectPeople<V extends VideoPoses>(video: V, options: SelectOptions): VideoPoses<FramePoses[]> {
  const chosen = new Set(choosePeople(video.frames, options));
  const frames = [...video.frames].map((frame) => ({
    ...frame,
    people: frame.people.filter(({ trackId }) => chosen.has(trackId)),
  }));
  return { ...video, frames };
}
