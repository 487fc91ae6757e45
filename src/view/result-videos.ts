/* Where the frames of results are. */
import { GlposeError } from '../errors.js';
import type { Run } from '../run/record.js';
import { findVideos, pathOf, type VideoInput } from '../media/inputs.js';
import type { ResultSequence } from './results.js';

/** The video of a sequence: among those at the given path, else the one that the run read. @param alone as above */
export async function videoFinder(
  given: string | true | undefined,
  run: Run | null,
  source: string,
  alone: boolean,
): Promise<(sequence: ResultSequence) => VideoInput | Promise<VideoInput>> {
  if (typeof given === 'string') return givenVideos(given, run, alone);
  return ({ name }) => {
    const where = run?.videos.get(name);
    if (where !== undefined) return videoAt(where, name);
    throw new GlposeError('USAGE', `${source} does not say where the frames of ${name} are`, GIVE_VIDEO);
  };
}

const GIVE_VIDEO = 'Give the video or folder of images with --video <path>.';

/** The video that a run read at a path. */
async function videoAt(where: string, name: string): Promise<VideoInput> {
  const { videos, failures } = await findVideos([where]);
  if (failures.length > 0) throw failures[0].error;
  const video = videos.find((one) => pathOf(one) === where);
  if (video) return video;
  const problem = `${where} is no longer the folder of images that the poses of ${name} were estimated on`;
  throw new GlposeError('INPUT', problem, GIVE_VIDEO);
}

/** Finds videos at a path: the file that the run read, else the one of the same name, else the only one there. */
async function givenVideos(
  given: string,
  run: Run | null,
  alone: boolean,
): Promise<(sequence: ResultSequence) => VideoInput> {
  const { videos, failures } = await findVideos([given]);
  if (failures.length > 0) throw failures[0].error;
  const only = alone && videos.length === 1 ? videos[0] : undefined;
  return ({ name }) => {
    const where = run?.videos.get(name);
    const video = videos.find((one) => pathOf(one) === where) ?? videos.find((one) => one.name === name) ?? only;
    if (video) return video;
    throw new GlposeError('INPUT', `${given} has no video called ${name}`, 'Give the path of this video.');
  };
}
