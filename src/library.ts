/* What the library adds to the pipeline for its callers: defaults, and one call where the command line has several. */
import { GlposeError } from './errors.js';
import { METRICS, type Evaluation, type MetricName, type MetricOptions } from './evaluation/metrics.js';
import { DEFAULT_BUNDLE } from './bundle/bundle.js';
import { openFrames as openInput, type FrameSource, type OpenOptions } from './media/frames.js';
import { findVideos, type VideoInput } from './media/inputs.js';
import type { VideoPoses } from './types.js';
import type { WriteAnalysisOptions, WrittenAnalysis } from './view/movement/write-analysis.js';
import { Model, type ModelOptions } from './estimation/model.js';

/**
 * Loads a model and makes it ready on a device. It owns threads and memory: dispose it (`await using`, or `dispose()`).
 * Several models serve several videos at a time; the CPU threads of their heads are one pool for the whole process, as large
 * as the model that was loaded last asks for.
 * @param nameOrPath a bundle by name or folder. Default: the one that comes with glpose
 * @throws MODEL where the bundle is unfit, DEVICE where the asked-for device is not there
 */
export function loadModel(nameOrPath: string = DEFAULT_BUNDLE, options: ModelOptions = {}): Promise<Model> {
  return Model.load(nameOrPath, options);
}

/**
 * Opens a video file, an image, or a folder of images that are the frames of one video. Close it (`await using`, or `close()`).
 * @param input a path, or one of the videos that `findVideos` found
 * @throws INPUT where it is not one video, or cannot be read
 */
export async function openFrames(input: string | VideoInput, options: OpenOptions = {}): Promise<FrameSource> {
  if (typeof input !== 'string') return openInput(input, options);
  const { videos, failures } = await findVideos([input]);
  if (failures.length > 0) throw failures[0].error;
  if (videos.length > 1) {
    const problem = `${input} holds ${videos.length} videos`;
    throw new GlposeError('INPUT', problem, 'Find them with findVideos and open one after another.');
  }
  return openInput(videos[0], options);
}

/**
 * Analyses one video's poses and writes what `glpose analyse` writes of it into a folder, whole or not at all.
 * @throws as analyseVideo; OUTPUT where the disk refuses, INPUT where the video of the pictures cannot be read
 */
export async function writeAnalysis(
  poses: VideoPoses,
  folder: string,
  options: Partial<WriteAnalysisOptions> = {},
): Promise<WrittenAnalysis> {
  const { writeAnalysis: write } = await import('./view/movement/write-analysis.js'); // plots take time to load
  return write(poses, folder, { video: null, source: '', limit: 100e6, say: () => {}, ...options });
}

export interface EvaluateFilesOptions extends MetricOptions {
  /** Default: posetrack-ap. */
  metric?: MetricName;
}

/**
 * Scores files of predictions against files of annotations, as `glpose eval` does.
 * @param predictions a file or folder, in any format that `glpose eval` reads
 * @param annotations likewise
 * @returns figures in percent; `summary` is what `glpose eval --json` prints
 * @throws ANNOTATION naming file, frame and person
 */
export function evaluateFiles(
  predictions: string,
  annotations: string,
  { metric = 'posetrack-ap', ...options }: EvaluateFilesOptions = {},
): Evaluation {
  return METRICS[metric].prepare(annotations, options)(predictions);
}
