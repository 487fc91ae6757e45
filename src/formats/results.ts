/* The forms in which `glpose infer --format` writes poses: their names, their places, their writers. */
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { asOutputError, writeAtomically } from '../storage/atomic-write.js';
import { makeFolderAtomically } from '../storage/atomic-folder.js';
import type { VideoPoses } from '../types.js';
import { cocoPieces, cocoResults } from './coco-results.js';
import { writeCsv } from './csv.js';
import { jsonPieces } from './json-pieces.js';
import { writeMot } from './mot.js';
import { writeOpenPose } from './openpose.js';
import { poseTrack17Pieces } from './posetrack17-writer.js';
import { poseTrack18Pieces } from './posetrack18.js';

/** One file a video, or a folder a video; both are named as the video, in a folder named as the format. */
type Writer =
  | { extension: string; text(video: VideoPoses): Iterable<string> }
  | { files(video: VideoPoses): Iterable<{ name: string; document: object }> };

const WRITERS = {
  posetrack18: { extension: '.json', text: (video) => jsonPieces(poseTrack18Pieces(video)) },
  posetrack17: { extension: '.json', text: (video) => jsonPieces(poseTrack17Pieces(video)) },
  coco: { extension: '.json', text: (video) => jsonPieces(cocoPieces(video)) },
  'coco-results': { extension: '.json', text: (video) => jsonPieces(cocoResults(video)) },
  openpose: { files: writeOpenPose },
  csv: { extension: '.csv', text: writeCsv },
  mot: { extension: '.txt', text: writeMot },
} satisfies Record<string, Writer>;

export type ResultFormat = keyof typeof WRITERS;

/** The names of all formats. */
export const RESULT_FORMATS = Object.keys(WRITERS) as ResultFormat[];

/** What is written where nothing else is asked for. */
export const DEFAULT_FORMATS: readonly ResultFormat[] = ['posetrack18'];

/** The file or folder of a video's poses in one format, relative to the folder of all results. */
export function resultPath(name: string, format: ResultFormat): string {
  const writer: Writer = WRITERS[format];
  return path.join(format, 'text' in writer ? `${name}${writer.extension}` : name);
}

/**
 * Writes one video's poses in one format, whole or not at all.
 * @param out the folder of all results; made where it does not exist
 * @returns the file or folder that was written, relative to `out`. Throws OUTPUT where the disk refuses
 */
export async function writeResults(video: VideoPoses, format: ResultFormat, out: string): Promise<string> {
  const writer: Writer = WRITERS[format];
  const place = resultPath(video.name, format);
  if ('text' in writer) {
    await writeAtomically(path.join(out, place), chunks(writer.text(video)));
    return place;
  }
  await makeFolderAtomically(path.join(out, place), async (temporary) => {
    for (const { name, document } of writer.files(video)) {
      try {
        await writeFile(path.join(temporary, name), `${JSON.stringify(document)}\n`);
      } catch (thrown) {
        throw asOutputError(path.join(out, place, name), thrown);
      }
    }
  });
  return place;
}

/** About as long as a chunk gets, in characters. */
const CHUNK = 1 << 16;

/** The same text in fewer pieces: each is one write to the disk. */
function* chunks(pieces: Iterable<string>): Generator<string, void, undefined> {
  let chunk = '';
  for (const piece of pieces) {
    chunk += piece;
    if (chunk.length < CHUNK) continue;
    yield chunk;
    chunk = '';
  }
  yield chunk;
}
