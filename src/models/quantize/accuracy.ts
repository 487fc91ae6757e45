import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { GlposeError } from '../../errors.js';
import type { Evaluation, MetricName } from '../../evaluation/metrics.js';
import type { BoxFile } from '../../formats/boxes.js';
import { writeResults } from '../../formats/results.js';
import { estimateVideo } from '../../estimation/estimate.js';
import { openFrames } from '../../media/frames.js';
import type { VideoInput } from '../../media/inputs.js';
import { Model, type Method } from '../../estimation/model.js';
import type { FramePoses } from '../../types.js';

export interface AccuracyOptions {
  metric: MetricName;
  /** What `METRICS[metric].prepare` gave for the annotations. */
  evaluate(predictions: string): Evaluation;
  boxes?: BoxFile;
  threads?: number;
  signal?: AbortSignal;
}

/**
 * Scores the poses of a bundle on annotated videos, as `glpose infer` and `glpose eval` do.
 * @throws ANNOTATION where the annotations are not about these videos
 */
export async function measureAccuracy(
  bundle: string,
  method: Method,
  videos: readonly VideoInput[],
  { metric, evaluate, boxes, threads, signal }: AccuracyOptions,
): Promise<Evaluation> {
  const format = metric === 'coco-oks' ? 'coco' : 'posetrack18'; // the one has eyes, the other neck and head top
  const folder = await mkdtemp(path.join(os.tmpdir(), 'glpose-accuracy-'));
  try {
    await using model = await Model.load(bundle, { method, device: 'cpu', threads });
    for (const video of videos) {
      const source = await openFrames(video, { signal });
      try {
        const frames: FramePoses[] = [];
        const estimates = estimateVideo(source, model, { boxes: boxes?.forVideo(video.name), signal });
        for await (const frame of estimates) frames.push(frame);
        const { width, height, fps } = source;
        const poses = { name: video.name, width, height, fps, joints: model.estimator.joints, frames };
        await writeResults(poses, format, folder);
      } finally {
        await source.close();
      }
    }
    return evaluate(path.join(folder, format));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/**
 * The one number of an evaluation, 0–100: the first row's mean.
 * @throws ANNOTATION where it is not defined
 */
export function headline({ table }: Evaluation, annotations: string): number {
  const value = table.rows[0].values[table.headings.indexOf('Mean')];
  if (Number.isFinite(value)) return value;
  const problem = `${annotations} holds no annotated person in the frames of the given videos`;
  throw new GlposeError('ANNOTATION', problem, 'Calibrate with the video that the annotations are about.');
}
