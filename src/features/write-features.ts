/* One run over many labelled videos: each is made whole or not at all, and those that are there are not made again. */
import { existsSync } from 'node:fs';
import { readFile, rm, statfs } from 'node:fs/promises';
import path from 'node:path';
import { GlposeError, messageOf } from '../errors.js';
import { openFrames } from '../media/frames.js';
import { inOrder } from '../concurrency/in-order.js';
import { makeFolders } from '../storage/make-folders.js';
import { makeAtomically, writeAtomically } from '../storage/atomic-write.js';
import type { Extractor } from './extractor.js';
import { labelsDigest, type LabelledVideo } from './labels.js';
import { MapWriter, type FeatureIndex, type SampleSettings, type VideoSamples } from './layout.js';
import { makeSamples, planSamples, type Plan, type SampleOptions } from './samples.js';

/** What a run will make. */
export interface Prospect {
  plans: Map<LabelledVideo, Plan>;
  samples: number;
  maps: number;
  bytes: number;
  /** Bytes still to be written. */
  missing: number;
}

/** How large the samples will be, before any frame is read. */
export async function prospectOf(
  out: string,
  videos: readonly LabelledVideo[],
  extractor: Extractor,
  options: SampleOptions,
): Promise<Prospect> {
  const { channels, height, width } = extractor.features;
  const bytesOf = (maps: number): number => maps * channels * height * width * 2;
  const plans = new Map<LabelledVideo, Plan>();
  const prospect: Prospect = { plans, samples: 0, maps: 0, bytes: 0, missing: 0 };
  for (const video of videos) {
    const plan = await planSamples(video, options);
    plans.set(video, plan);
    prospect.samples += plan.keys.length * options.views;
    prospect.maps += plan.maps;
    if (!existsSync(videoFile(out, video))) prospect.missing += bytesOf(plan.maps);
  }
  prospect.bytes = bytesOf(prospect.maps);
  return prospect;
}

/** @throws OUTPUT where the disk cannot hold what is missing */
export async function checkSpace(out: string, { missing }: Prospect): Promise<void> {
  await makeFolders(out);
  const { bavail, bsize } = await statfs(out);
  if (bavail * bsize >= missing) return;
  const [needed, free] = [missing, bavail * bsize].map((bytes) => (bytes / 1e9).toFixed(1));
  throw new GlposeError(
    'OUTPUT',
    `${out} has room for ${free} GB; the samples need ${needed} GB`,
    'Free space, or make fewer with --every.',
  );
}

/** What the samples of a folder are made with. */
export async function settingsOf(extractor: Extractor, options: SampleOptions): Promise<SampleSettings> {
  const { features, joints } = extractor;
  const { k, m, every, views, degraded, kinds, warp, stills, fill, refine, poses, paste, seed } = options;
  return {
    extractor: await extractor.identity(),
    channels: features.channels,
    height: features.height,
    width: features.width,
    joints: [...joints],
    ...{ k, m, every, views, degraded, kinds: [...kinds], warp, stills, fill, refine, poses, seed },
    paste: paste.map(({ name }) => name),
  };
}

type Outcome = { samples: VideoSamples; before: boolean } | { video: LabelledVideo; error: GlposeError };

/** Videos under way: the pictures of one are spoiled, on one thread, while the extractor works on those of the other. */
const AT_ONCE = 2;

export interface FeatureRunOptions extends SampleOptions {
  /** Called for every video: what was made, and whether it was there before. */
  onVideo?(made: VideoSamples, before: boolean): void;
  /** Called for a video that could not be used; the others go on. */
  onFailure?(video: LabelledVideo, error: GlposeError): void;
}

/**
 * Makes the samples of every video.
 * @returns the index, which is also written
 * @throws USAGE where the folder holds samples of other settings, OUTPUT where it cannot be written
 */
export async function writeFeatures(
  out: string,
  plans: ReadonlyMap<LabelledVideo, Plan>,
  extractor: Extractor,
  options: FeatureRunOptions,
): Promise<FeatureIndex> {
  const made = await settingsOf(extractor, options);
  await checkSettings(out, made);
  const index: FeatureIndex = { format: 4, made, videos: [] };
  const outcomes = inOrder(plans, AT_ONCE, async ([video, plan]): Promise<Outcome> => {
    const there = await samplesOf(video, videoFile(out, video));
    try {
      return {
        before: there !== null,
        samples: there ?? (await makeVideo(out, video, plan, extractor, options)),
      };
    } catch (thrown) {
      if (!(thrown instanceof GlposeError && thrown.code === 'INPUT' && options.onFailure)) throw thrown;
      return { video, error: thrown };
    }
  });
  for await (const outcome of outcomes) {
    if ('error' in outcome) {
      options.onFailure?.(outcome.video, outcome.error);
      continue;
    }
    index.videos.push(outcome.samples);
    options.onVideo?.(outcome.samples, outcome.before);
  }
  await writeAtomically(path.join(out, 'index.json'), `${JSON.stringify(index)}\n`);
  return index;
}

async function makeVideo(
  out: string,
  video: LabelledVideo,
  plan: Plan,
  extractor: Extractor,
  options: SampleOptions,
): Promise<VideoSamples> {
  const source = await openFrames(video.input, { signal: options.signal });
  try {
    const samples = await makeAtomically(path.join(out, 'maps', `${video.input.name}.f16`), async (temporary) => {
      const writer = await MapWriter.create(temporary);
      try {
        return await makeSamples(source, video, plan, extractor, writer, options);
      } finally {
        await writer.close();
      }
    });
    await writeAtomically(videoFile(out, video), `${JSON.stringify(samples)}\n`);
    return samples;
  } finally {
    await source.close();
  }
}

function videoFile(out: string, { input }: LabelledVideo): string {
  return path.join(out, 'videos', `${input.name}.json`);
}

/** What an earlier run made of the same labels of a video; null, and nothing there, where it made none. */
async function samplesOf(video: LabelledVideo, file: string): Promise<VideoSamples | null> {
  if (!existsSync(file)) return null;
  try {
    const samples = JSON.parse(await readFile(file, 'utf8')) as VideoSamples; // was written whole
    if (samples.labels === labelsDigest(video)) return samples;
    await rm(file); // before its maps are written over
    return null;
  } catch (thrown) {
    throw new GlposeError('OUTPUT', `${file} cannot be read: ${messageOf(thrown)}`, 'Remove it; it is made again.');
  }
}

/** A folder that was begun with other settings must not be gone on with. */
async function checkSettings(out: string, made: SampleSettings): Promise<void> {
  const file = path.join(out, 'settings.json');
  const text = `${JSON.stringify(made, null, 2)}\n`;
  if (!existsSync(file)) return writeAtomically(file, text);
  const before = await readFile(file, 'utf8');
  if (before === text) return;
  throw new GlposeError(
    'USAGE',
    `${out} holds samples that were made with other settings: ${file} differs in ${differences(before, made)}`,
    'Give another folder with -o, or the same settings to go on.',
  );
}

/** The names of the settings that differ. */
function differences(before: string, made: SampleSettings): string {
  let there: Record<string, unknown> = {};
  try {
    there = JSON.parse(before) as Record<string, unknown>;
  } catch {
    // damaged: everything differs
  }
  const settings = Object.entries(made).filter(
    ([name, value]) => JSON.stringify(there[name]) !== JSON.stringify(value),
  );
  return new Intl.ListFormat('en').format(settings.map(([name]) => name)) || 'its form';
}
