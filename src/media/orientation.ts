/**
 * Which FFmpeg filter turns a video upright, from the orientation mark (display matrix) that phones write.
 * A mark that is not a multiple of 90° is taken as the nearest one: people stay whole, no border is filled in.
 */
export interface Orientation {
  /** An FFmpeg filter chain; empty where the video is upright. */
  filter: string;
  /** Whether width and height change places. */
  turned: boolean;
}

/**
 * @param matrix the nine numbers of the display matrix, row by row; x' = m0·x + m3·y, y' = m1·x + m4·y. Only ratios matter
 */
export function orientationOf(matrix: readonly number[] | null): Orientation {
  const [a, b, , c, d] = matrix ?? [1, 0, 0, 0, 1];
  const turned = Math.abs(b) + Math.abs(c) > Math.abs(a) + Math.abs(d);
  if (turned) {
    const filter =
      b > 0
        ? c > 0
          ? 'transpose=cclock_flip'
          : 'transpose=clock'
        : c > 0
          ? 'transpose=cclock'
          : 'transpose=clock_flip';
    return { filter, turned };
  }
  return { filter: [...(a < 0 ? ['hflip'] : []), ...(d < 0 ? ['vflip'] : [])].join(','), turned };
}
