import { GlposeError } from '../../errors.js';
import type { BoxFile } from '../../formats/boxes.js';
import { surveyOptions } from '../../estimation/estimate.js';
import type { Crop } from '../../estimation/crop-net.js';
import { openFrames } from '../../media/frames.js';
import type { VideoInput } from '../../media/inputs.js';
import type { Model } from '../../estimation/model.js';
import { surveyVideo } from '../../estimation/survey.js';

export interface DrawOptions {
  /** Crops to draw over all videos. */
  count: number;
  boxes?: BoxFile;
  signal?: AbortSignal;
}

/**
 * Draws crops of people at random (seeded) from videos, an equal share of each, found and cut as inference does it.
 * @returns [3, H, W] each, in the order of the videos and frames; fewer where the videos show fewer people
 * @throws INPUT where a video cannot be read or nobody is found in any
 */
export async function drawCrops(videos: readonly VideoInput[], model: Model, options: DrawOptions): Promise<Crop[]> {
  const { count, boxes, signal } = options;
  const crops: Crop[] = [];
  for (const [i, video] of videos.entries()) {
    const source = await openFrames(video, { signal });
    try {
      const people = surveyOptions(model, { boxes: boxes?.forVideo(video.name), signal });
      const m = Math.ceil((count - crops.length) / (videos.length - i));
      const { candidates } = await surveyVideo(source, { ...people, m, onFrame: () => {} });
      crops.push(...candidates.map(({ crop }) => crop));
    } finally {
      await source.close();
    }
  }
  if (crops.length === 0) {
    const where = videos.map(({ path }) => path).join(', ');
    throw new GlposeError('INPUT', `nobody was found in ${where}`, 'Calibrate with videos of people, or give --boxes.');
  }
  return crops;
}
