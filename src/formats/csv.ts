import type { VideoPoses } from '../types.js';
import { foundJoint } from './found-joint.js';

/**
 * One video's poses as a table for spreadsheets, R and pandas (RFC 4180, UTF-8): one row per person and frame, by frame,
 * then track. Columns: `frame` from 0, `name` of the frame, `time` in seconds by the video's time stamps (empty for folders of
 * images), `track_id`, `score`, `box_x`, `box_y`, `box_width`, `box_height`, `box_score`, `interpolated` (1 where the person was
 * not seen in this frame), then `<joint>_x`, `<joint>_y`, `<joint>_score` for every joint, empty where it was not found, and `occluded`, the names of the hidden joints. Pixels
 * to a thousandth, scores to 1e-5. A frame's name that a spreadsheet would take for a formula gets `./` before it, and still names
 * the file.
 * @yields lines
 */
export function* writeCsv({ joints, frames }: VideoPoses): Generator<string, void, undefined> {
  const box = ['box_x', 'box_y', 'box_width', 'box_height', 'box_score', 'interpolated'];
  const columns = joints.flatMap((joint) => [`${joint}_x`, `${joint}_y`, `${joint}_score`]);
  yield csvLine(['frame', 'name', 'time', 'track_id', 'score', ...box, ...columns, 'occluded']);
  for (const { index, name, timeSeconds, people } of frames) {
    const time = timeSeconds === null ? '' : rounded(timeSeconds, 6);
    for (const person of people) {
      const { x, y, width, height } = person.box;
      const places = joints.flatMap((_, place) => {
        const joint = foundJoint(person, place);
        return joint ? [pixels(joint.x), pixels(joint.y), score(joint.score)] : ['', '', ''];
      });
      const boxes = [...[x, y, width, height].map(pixels), score(person.boxScore), person.interpolated ? '1' : ''];
      yield csvLine([
        String(index),
        noFormula(name),
        time,
        String(person.trackId),
        score(person.score),
        ...boxes,
        ...places,
        joints.filter((_, place) => foundJoint(person, place)?.occluded).join(' '),
      ]);
    }
  }
}

const pixels = (value: number): string => rounded(value, 3);
const score = (value: number): string => rounded(value, 5);

function noFormula(name: string): string {
  return /^[=+\-@\t\r]/.test(name) ? `./${name}` : name;
}

/** A number with so many decimals at most. */
export function rounded(value: number, decimals: number): string {
  return String(Number(value.toFixed(decimals)));
}

/** A line of a table (RFC 4180). */
export function csvLine(cells: string[]): string {
  return `${cells.map((cell) => (/[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell)).join(',')}\r\n`;
}
