/*
 * How often people wear another's skeleton, and how whole their tracks are, in runs over clips without labels, side by side:
 *   glpose infer <clips> --method single-frame -o out/single-frame; glpose infer <clips> --method glpose -o out/glpose
 *   node scripts/people/clips.mjs [--json] out/single-frame out/glpose
 * What counts is what `glpose check` finds (docs/evaluation.md):
 *   doubled   person-frames whose pose another person of the frame has, too
 *   breaks    tracks that end in the middle of the picture before the video does, brief ones among them, a minute of footage
 *   gaps      tracks that are missing for three frames or more and come back; frames in all
 * Intervals: bootstrap over blocks of 25 frames.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { doubledPairs } from '../../dist/src/evaluation/quality/doubled.js';
import { openFrames } from '../../dist/src/index.js';
import { checkSequence } from '../../dist/src/view/check-sequence.js';
import { framePlaces } from '../../dist/src/view/frame-match.js';
import { readResults } from '../../dist/src/view/results.js';
import { inWords, printTable, ratioWithInterval } from './material.mjs';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { json: { type: 'boolean', default: false } },
});
const BLOCK = 25;

/** Doubled person-frames and all, by blocks of frames. */
function blocksOf({ frames, joints }) {
  const blocks = [];
  for (const [place, { people }] of frames.entries()) {
    const block = (blocks[Math.floor(place / BLOCK)] ??= { right: 0, all: 0 });
    block.right += new Set(doubledPairs(people, joints).flatMap(({ first, second }) => [first, second])).size;
    block.all += people.length;
  }
  return blocks;
}

async function fpsOf(file) {
  const source = await openFrames(file);
  await source.close();
  return source.fps ?? 25;
}

async function measure(folder) {
  const { videos } = JSON.parse(readFileSync(path.join(folder, 'run.json'), 'utf8'));
  const clips = [];
  for (const sequence of readResults(folder)) {
    const video = videos.find(({ name }) => name === sequence.name);
    if (!video) continue; // of an earlier run into the same folder
    const { counts, poses, doubledPoses } = checkSequence(sequence, framePlaces(sequence, null), sequence.size);
    clips.push({
      name: sequence.name,
      frames: sequence.frames.length,
      minutes: sequence.frames.length / (await fpsOf(video.path)) / 60,
      poses,
      doubled: doubledPoses,
      tracks: video.tracks,
      breaks: counts.ends.problems + counts.brief.problems,
      gaps: counts.gap.problems,
      gapFrames: counts.gap.frames,
      jumps: counts.jump.frames,
      seconds: video.seconds,
      blocks: blocksOf(sequence),
    });
  }
  return clips;
}

const results = {};
for (const folder of positionals) results[folder] = await measure(folder);

if (values.json) console.log(JSON.stringify(results, null, 2));
else {
  const rows = Object.entries(results).flatMap(([folder, clips]) => {
    const sum = (key) => clips.reduce((total, clip) => total + clip[key], 0);
    const keys = ['frames', 'minutes', 'poses', 'doubled', 'tracks', 'breaks', 'gaps', 'gapFrames', 'jumps', 'seconds'];
    const all = { name: 'all', ...Object.fromEntries(keys.map((key) => [key, sum(key)])), blocks: clips.flatMap(({ blocks }) => blocks) }; // prettier-ignore
    return [...clips, all].map((clip) => [
      path.basename(folder), clip.name, clip.frames, clip.poses, clip.doubled, inWords(ratioWithInterval(clip.blocks)), (clip.poses / clip.frames).toFixed(2),
      clip.tracks, (clip.breaks / clip.minutes).toFixed(1), `${clip.gaps} (${clip.gapFrames})`, clip.jumps, clip.seconds.toFixed(0),
    ]); // prettier-ignore
  });
  printTable(['run', 'clip', 'frames', 'person-frames', 'doubled', '… %', 'people a frame', 'tracks', 'breaks a minute', 'gaps (frames)', 'frames with jumps', 'seconds'], rows); // prettier-ignore
}
