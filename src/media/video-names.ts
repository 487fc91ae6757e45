/*
 * Names for the results of videos: unique among the inputs of a run, also on file systems that ignore case, and short enough
 * for every file that is named after a video.
 */
import { createHash } from 'node:crypto';
import path from 'node:path';

/** Bytes that file systems allow a file's name. */
const FILE_NAME = 255;

/** The longest that the name of a result adds to the video's: OpenPose's. */
const LONGEST_ENDING = '_000000000012_keypoints.json'.length;

/**
 * The file's name without extension, or the folder's. Where two would be the same, videos keep their extension; what still
 * clashes is numbered in order. Longer names end in a digest of what was cut.
 * @param inputs the file or folder that each video is, absolute
 * @param given names by place: such an input keeps its name, and no other one gets it
 */
export function namesFor(
  inputs: readonly { place: string; folder: boolean }[],
  given: ReadonlyMap<string, string> = new Map(),
): string[] {
  const short = inputs.map(({ place, folder }) => {
    const { name, base } = path.parse(place);
    if (folder) return base || 'root';
    return name === '.' || name === '..' ? base : name; // ...mp4: results must not go into the folder above
  });
  const uses = new Map<string, number>();
  for (const name of short) uses.set(folded(name), (uses.get(folded(name)) ?? 0) + 1);
  const taken = new Set([...given.values()].map(folded));
  return inputs.map(({ place }, i) => {
    const known = given.get(place);
    if (known !== undefined) return known;
    const full = uses.get(folded(short[i])) === 1 ? short[i] : path.basename(place);
    let name = fittedName(full, LONGEST_ENDING);
    for (let n = 2; taken.has(folded(name)); n++) name = fittedName(full, LONGEST_ENDING, `-${n}`);
    taken.add(folded(name));
    return name;
  });
}

function folded(name: string): string {
  return name.normalize('NFC').toLowerCase();
}

/**
 * A name with its number, short enough for a file's that goes on with so many bytes. One that is too long ends, before the number, in a
 * digest that keeps it apart from its like.
 */
export function fittedName(name: string, ending: number, number = ''): string {
  const most = FILE_NAME - ending;
  if (Buffer.byteLength(name + number) <= most) return name + number;
  const end = `~${createHash('sha256').update(name).digest('hex').slice(0, 8)}${number}`;
  let [start, bytes] = ['', end.length];
  for (const { segment } of new Intl.Segmenter('en').segment(name)) {
    bytes += Buffer.byteLength(segment);
    if (bytes > most) break;
    start += segment;
  }
  return start + end;
}
