/* What the scripts of this folder share: videos in memory, seeded chance, bootstrap, tables. */
import { openFrames } from '../../dist/src/index.js';

/** Frames of a video that can be read, `count` at most from the `first` on: { images: [{ width, height, data }], fps }. */
export async function imagesOf(file, { first = 0, count = Infinity } = {}) {
  const images = [];
  const video = await openFrames(file);
  for await (const { index, width, height, data } of video.frames()) {
    if (data && index >= first) images.push({ width, height, data });
    if (images.length === count) break;
  }
  await video.close();
  return { images, fps: video.fps };
}

/** Images in memory, [{ width, height, data }], as a video. */
export function videoOf(images, fps = null) {
  const [{ width, height }] = images;
  return {
    width,
    height,
    fps,
    frameCount: images.length,
    warnings: [],
    async *frames() {
      for (const [index, { data }] of images.entries()) {
        yield { index, name: String(index), width, height, data, problem: '', timeSeconds: fps && index / fps };
      }
    },
    async close() {},
    async [Symbol.asyncDispose]() {},
  };
}

/** Random numbers from 0 to 1, the same for the same seed (mulberry32). */
export function randomFrom(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/**
 * A ratio of sums over clusters (clips, images) and its 95 % interval by bootstrap over them.
 * @param clusters [{ right, all }]
 * @returns percent
 */
export function ratioWithInterval(clusters, rounds = 2000) {
  const ratio = (some) => (100 * some.reduce((sum, { right }) => sum + right, 0)) / some.reduce((sum, { all }) => sum + all, 0); // prettier-ignore
  const random = randomFrom(1);
  const draws = Array.from({ length: rounds }, () => ratio(clusters.map(() => clusters[Math.floor(random() * clusters.length)]))).filter(Number.isFinite).sort((a, b) => a - b); // prettier-ignore
  return { value: ratio(clusters), low: draws[Math.floor(0.025 * draws.length)], high: draws[Math.ceil(0.975 * draws.length) - 1] }; // prettier-ignore
}

/** 61.2 [58.0, 64.1] */
export function inWords({ value, low, high }) {
  return Number.isFinite(value) ? `${value.toFixed(1)} [${low.toFixed(1)}, ${high.toFixed(1)}]` : '–';
}

/** A Markdown table on stdout. */
export function printTable(headings, rows) {
  const all = [headings, ...rows].map((row) => row.map(String));
  const widths = headings.map((_, column) => Math.max(3, ...all.map((row) => row[column].length)));
  const line = (row) => `| ${row.map((cell, column) => cell.padEnd(widths[column])).join(' | ')} |`;
  console.log([line(all[0]), `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`, ...all.slice(1).map(line)].join('\n')); // prettier-ignore
}
