import { GlposeError } from '../errors.js';
import { parseRegion } from '../postprocessing/select-people.js';
import { isNumber } from './fields.js';
import { readJsonFile } from './json-file.js';

/**
 * A region of the picture as it stands in a record: what was written, or, where that names a JSON file, its corners, so that the record
 * needs no file.
 * @param text see parseRegion, or the path of a JSON file [[x, y], …]
 * @throws ANNOTATION where the file cannot be read or holds no polygon; an Error where it is neither
 */
export function regionText(text: string): string {
  if (!/\.json$/i.test(text)) {
    parseRegion(text);
    return text;
  }
  const corners = readJsonFile(text);
  const isCorner = (corner: unknown): corner is [number, number] =>
    Array.isArray(corner) && corner.length === 2 && corner.every(isNumber);
  if (Array.isArray(corners) && corners.length >= 3 && corners.every(isCorner))
    return corners.map((corner) => corner.join()).join(';');
  throw new GlposeError('ANNOTATION', `${text} holds no polygon`, 'Write three corners or more as [[x, y], …].');
}
