/*
 * Heat maps and masks in few bytes: 64 levels between a map's own lowest and highest value. Runs in Node and in browsers.
 */

/** Where the codes of maps of one size stand among a packet's bytes, one map after the other. */
export interface CodedMaps {
  at: number;
  width: number;
  height: number;
  /** Lowest and highest value of each map. */
  ranges: [low: number, high: number][];
}

const LEVELS = 63;

/** @param maps [count, height, width] */
export function encodeMaps(
  maps: Float32Array,
  width: number,
  height: number,
  at: number,
): { coded: CodedMaps; codes: Uint8Array } {
  const cells = width * height;
  const codes = new Uint8Array(maps.length);
  const ranges: CodedMaps['ranges'] = [];
  for (let start = 0; start < maps.length; start += cells) {
    let [low, high] = [Infinity, -Infinity];
    for (let i = start; i < start + cells; i++) {
      if (maps[i] < low) low = maps[i];
      if (maps[i] > high) high = maps[i];
    }
    if (!Number.isFinite(low) || !Number.isFinite(high)) [low, high] = [0, 0];
    const scale = high > low ? LEVELS / (high - low) : 0;
    for (let i = start; i < start + cells; i++) codes[i] = Math.round((maps[i] - low) * scale);
    ranges.push([low, high]);
  }
  return { coded: { at, width, height, ranges }, codes };
}

/** One map, [height, width], as shares 0–1 of its range. */
export function decodeMap(bytes: Uint8Array, { at, width, height }: CodedMaps, map: number): Float32Array {
  const cells = width * height;
  return Float32Array.from(bytes.subarray(at + map * cells, at + (map + 1) * cells), (code) => code / LEVELS);
}
