/*
 * What `glpose infer` does, in a script: many videos into one folder, which can be stopped at any moment and goes on where it
 * was, also as one of several shards on several machines.
 *
 *   node examples/many-videos.mjs out samples/walking.mp4 [more videos or folders…]
 */
import { runSession } from 'glpose';

const [out = 'out', ...inputs] = process.argv.slice(2);
const stop = new AbortController();
process.once('SIGINT', () => stop.abort());

const record = await runSession(
  inputs.length > 0 ? inputs : ['samples/walking.mp4'],
  { out, format: ['coco', 'csv'], every: 8 }, // and shard: { index: 2, count: 8 }
  {
    signal: stop.signal,
    onWarning: (warning) => console.error(warning),
    onVideoEnd: ({ name, status, poses, tracks }) =>
      console.log(`${name}: ${status}, ${poses} poses, ${tracks} tracks`),
  },
);
console.log(`${record.totals.videos} videos, ${record.totals.failed} failed, ${record.totals.left} left`);
