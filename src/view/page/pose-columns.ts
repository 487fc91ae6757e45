/*
 * All poses of a video in columns that stay small: a million poses of 17 joints are 90 MB in memory and a third of that
 * or less in the page. Runs in Node and in browsers. Legend: P poses, those of a track together and in order of time;
 * T tracks; K joints.
 *
 * A column is stored as the differences of its neighbours, which are small along a track, lowest bytes first, then the
 * next higher ones: deflate finds the zeros.
 */

/** The code of a place or score that is not there. */
export const NO_PLACE = 0xffff;
export const NO_SCORE = 0xff;

/** The highest codes that mean something. */
const MAX_PLACE = 0xfffe;
const MAX_SCORE = 0xfe;

/** Pixels; finer would be stored noise. */
const FINEST_PLACE = 0.1;

export interface PoseColumns {
  /** [T + 1] where each track's poses begin, and P. */
  trackStart: Uint32Array;
  /** [P] place in the page's list of frames. */
  frame: Uint32Array;
  /** 4 × [P] left, top, right, bottom as codes of places. */
  box: Uint16Array[];
  /** [P] code of the pose's score. */
  score: Uint8Array;
  /** K × [P] codes of places. */
  x: Uint16Array[];
  y: Uint16Array[];
  /** K × [P] codes of scores. */
  jointScore: Uint8Array[];
}

/** The sizes that reading needs. */
export interface PoseColumnSizes {
  poses: number;
  tracks: number;
  joints: number;
}

export function emptyColumns({ poses, tracks, joints }: PoseColumnSizes): PoseColumns {
  const places = (count: number): Uint16Array[] => Array.from({ length: count }, () => new Uint16Array(poses));
  return {
    trackStart: new Uint32Array(tracks + 1),
    frame: new Uint32Array(poses),
    box: places(4),
    score: new Uint8Array(poses),
    x: places(joints),
    y: places(joints),
    jointScore: Array.from({ length: joints }, () => new Uint8Array(poses)),
  };
}

/**
 * Places as codes, from one image size outside the image to one beyond it: what lies farther is moved to that border.
 * A code is a tenth of a pixel wide, more only in images of more than 2184 pixels: size / 21 845.
 * @param size the longer side of the image in pixels
 */
export function placeCodec(size: number): { code(place: number): number; place(code: number): number } {
  const step = Math.max(FINEST_PLACE, (3 * size) / MAX_PLACE);
  return {
    code: (place) =>
      Number.isNaN(place)
        ? NO_PLACE
        : Math.round(Math.min(MAX_PLACE, Math.max(0, (Math.min(place, 2 * size) + size) / step))),
    place: (code) => (code === NO_PLACE ? NaN : code * step - size),
  };
}

/** @param score 0–1, more counts as 1; null or below 0: there is none */
export function scoreCode(score: number | null): number {
  return score === null || !(score >= 0) ? NO_SCORE : Math.round(Math.min(1, score) * MAX_SCORE);
}

/** NaN where there is none. */
export function scoreOf(code: number): number {
  return code === NO_SCORE ? NaN : code / MAX_SCORE;
}

type Column = Uint8Array | Uint16Array | Uint32Array;

function columnsOf({ trackStart, frame, box, score, x, y, jointScore }: PoseColumns): Column[] {
  return [trackStart, frame, ...box, score, ...x, ...y, ...jointScore];
}

export function encodeColumns(columns: PoseColumns): Uint8Array {
  const all = columnsOf(columns);
  const bytes = new Uint8Array(all.reduce((total, column) => total + column.byteLength, 0));
  let at = 0;
  for (const column of all) {
    const width = column.BYTES_PER_ELEMENT;
    for (let i = 0, before = 0; i < column.length; i++) {
      const difference = column[i] - before;
      before = column[i];
      for (let plane = 0; plane < width; plane++) bytes[at + plane * column.length + i] = difference >> (8 * plane);
    }
    at += column.byteLength;
  }
  return bytes;
}

/** @throws RangeError where the bytes are not those of columns of these sizes */
export function decodeColumns(bytes: Uint8Array, sizes: PoseColumnSizes): PoseColumns {
  const columns = emptyColumns(sizes);
  const all = columnsOf(columns);
  const length = all.reduce((total, column) => total + column.byteLength, 0);
  if (bytes.length !== length) throw new RangeError(`${bytes.length} bytes of poses instead of ${length}`);
  let at = 0;
  for (const column of all) {
    for (let plane = 0; plane < column.BYTES_PER_ELEMENT; plane++) {
      for (let i = 0, sum = 0; i < column.length; i++) {
        sum = (sum + bytes[at++]) | 0;
        column[i] += sum << (8 * plane); // wraps as the difference did
      }
    }
  }
  return columns;
}
