/*
 * How often people wear another's skeleton, and how whole their tracks are, in clips without labels:
 *   node scripts/people/clips.mjs [--method single-frame,glpose] [--json] <videos…>
 * A person-frame is doubled where another pose of the same frame is the same one (OKS ≥ 0.6 over the 12 limb joints).
 *   breaks   tracks that end, before the last frame, in the middle of the picture, a minute of footage
 *   gaps     runs of frames in which a track is missing between two of its own; the longest, in frames
 * vtest.avi@200: its first 200 frames.
 */
import path from 'node:path';
import { parseArgs } from 'node:util';
import { doubledPairs } from '../../dist/src/evaluation/quality/doubled.js';
import { labelledPose } from '../../dist/src/evaluation/quality/check.js';
import { estimateVideo, loadModel, openFrames } from '../../dist/src/index.js';
import { firstFrames, printTable } from './material.mjs';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    method: { type: 'string', default: 'single-frame,glpose' },
    json: { type: 'boolean', default: false },
  },
});
/** Share of the picture's sides within which a person may come and go. */
const EDGE = 0.02;

/** Counts over one clip. */
async function measure(given, model) {
  const [, file, count = Infinity] = /^(.*?)(?:@(\d+))?$/.exec(given);
  const video = firstFrames(await openFrames(file), Number(count));
  const { joints } = model.estimator;
  const tracks = new Map();
  const [counts, started] = [{ frames: 0, people: 0, doubled: 0 }, performance.now()];
  for await (const { index, people } of estimateVideo(video, model)) {
    counts.frames++;
    counts.people += people.length;
    counts.doubled += new Set(doubledPairs(people.map(labelledPose), joints).flatMap((pair) => [pair.first, pair.second])).size; // prettier-ignore
    for (const { trackId, box } of people) {
      const track = tracks.get(trackId) ?? { gaps: [], last: index };
      if (index > track.last + 1) track.gaps.push(index - track.last - 1);
      tracks.set(trackId, { ...track, last: index, box });
    }
  }
  await video.close();
  const seconds = (performance.now() - started) / 1000;
  const inside = ({ x, y, width, height }) =>
    x > EDGE * video.width && y > EDGE * video.height &&
    x + width < (1 - EDGE) * video.width && y + height < (1 - EDGE) * video.height; // prettier-ignore
  const all = [...tracks.values()];
  const breaks = all.filter(({ last, box }) => last < counts.frames - 1 && inside(box)).length;
  const gaps = all.flatMap((track) => track.gaps);
  return { ...counts, tracks: tracks.size, breaks, minutes: counts.frames / (video.fps ?? 25) / 60, gaps: gaps.length, longestGap: Math.max(0, ...gaps), seconds }; // prettier-ignore
}

const results = {};
for (const method of values.method.split(',')) {
  const model = await loadModel(undefined, { method, device: 'cpu' });
  results[method] = {};
  for (const file of positionals) results[method][path.parse(file).name] = await measure(file, model);
  await model.dispose();
}

if (values.json) console.log(JSON.stringify(results, null, 2));
else {
  const rows = Object.entries(results).flatMap(([method, clips]) => {
    const sum = (key) => Object.values(clips).reduce((total, clip) => total + clip[key], 0);
    const keys = ['frames', 'people', 'doubled', 'tracks', 'breaks', 'minutes', 'gaps', 'seconds'];
    const all = { ...Object.fromEntries(keys.map((key) => [key, sum(key)])), longestGap: Math.max(...Object.values(clips).map((clip) => clip.longestGap)) }; // prettier-ignore
    return Object.entries({ ...clips, all }).map(([name, c]) => [
      method, name, c.frames, c.people, c.doubled, `${((100 * c.doubled) / c.people).toFixed(1)} %`, (c.people / c.frames).toFixed(2),
      c.tracks, (c.breaks / c.minutes).toFixed(1), c.gaps, c.longestGap, c.seconds.toFixed(1),
    ]); // prettier-ignore
  });
  printTable(['method', 'clip', 'frames', 'person-frames', 'doubled', '', 'people a frame', 'tracks', 'breaks a minute', 'gaps', 'longest gap', 'seconds'], rows); // prettier-ignore
}
