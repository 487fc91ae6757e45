import { median } from '../postprocessing/hampel.js';
import { lengthOf, type Points } from './points.js';

/**
 * Ankle to knee, knee to hip and the middle of the hips to that of the shoulders, together, as a share of the body's height
 * (Drillis and Contini 1966, in Winter 2009, fig. 4.1: 0.246 + 0.245 + 0.288).
 */
const SHARE_OF_HEIGHT = 0.779;

/**
 * A person's height in the picture, pixels, from the lengths of shank, thigh and trunk: their medians over all frames, of the
 * side that is longer (the nearer one, or the less foreshortened). NaN where a segment is never seen.
 */
export function heightInPixels(points: Points): number {
  const lengths = [
    longer(points, [['left_ankle', 'left_knee'], ['right_ankle', 'right_knee']]),
    longer(points, [['left_knee', 'left_hip'], ['right_knee', 'right_hip']]),
    longer(points, [['mid_hips', 'mid_shoulders']]),
  ]; // prettier-ignore
  return lengths.reduce((sum, length) => sum + length, 0) / SHARE_OF_HEIGHT;
}

/** The length of a leg, ankle to hip, in pixels; NaN where it is never seen. */
export function legLength(points: Points): number {
  return (
    longer(points, [['left_ankle', 'left_knee'], ['right_ankle', 'right_knee']]) +
    longer(points, [['left_knee', 'left_hip'], ['right_knee', 'right_hip']])
  ); // prettier-ignore
}

function longer(points: Points, segments: readonly (readonly [string, string])[]): number {
  const medians = segments.map(([from, to]) => {
    const lengths = lengthOf(points, from, to) ?? new Float64Array();
    return median(lengths.filter((length) => !Number.isNaN(length)));
  });
  const known = medians.filter((length) => !Number.isNaN(length));
  return known.length > 0 ? Math.max(...known) : NaN;
}
