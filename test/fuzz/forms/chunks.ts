import { crc32 } from 'node:zlib';
import type { Random } from '../../../src/features/random.js';
import { mutateBytes } from './bytes.js';

const PNG_SIGNATURE = 8;
const SIZES = [0, 1, 2, 255, 16384, 16385, 65535, 100_000, 0x7fffffff, 0xffffffff];

/** Changes one chunk of a PNG and mends its checksum, so that decoders look at what it says. */
export function mutatePng(input: Buffer, random: Random, other: Buffer): Buffer {
  const chunks: { type: Buffer; data: Buffer }[] = [];
  for (let at = PNG_SIGNATURE; at + 12 <= input.length;) {
    const length = input.readUInt32BE(at);
    if (at + 12 + length > input.length) break;
    chunks.push({ type: input.subarray(at + 4, at + 8), data: input.subarray(at + 8, at + 8 + length) });
    at += 12 + length;
  }
  if (chunks.length === 0 || random.chance(0.2)) return mutateBytes(input, random, other);
  const at = random.integer(0, chunks.length);
  const { type, data } = chunks[at];
  if (random.chance(0.1)) chunks.splice(at, 1);
  else if (random.chance(0.1)) chunks.splice(at, 0, chunks[at]);
  else if (random.chance(0.4) && data.length >= 8) {
    const sized = Buffer.from(data); // of the header: width and height
    sized.writeUInt32BE(SIZES[random.integer(0, SIZES.length)], 4 * random.integer(0, 2));
    chunks[at] = { type, data: sized };
  } else chunks[at] = { type, data: mutateBytes(data, random, data) };
  return Buffer.concat([input.subarray(0, PNG_SIGNATURE), ...chunks.map(written)]);
}

function written({ type, data }: { type: Buffer; data: Buffer }): Buffer {
  const [length, checksum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  checksum.writeUInt32BE(crc32(Buffer.concat([type, data])));
  return Buffer.concat([length, type, data, checksum]);
}

/** Boxes of an MP4 file that hold boxes. */
const HOLDERS = new Set(['moov', 'trak', 'mdia', 'minf', 'stbl', 'dinf', 'edts', 'udta', 'mvex', 'moof', 'traf']);

interface Box {
  type: string;
  data: Buffer;
  boxes: Box[] | null;
}

/** Changes the boxes of an MP4 file, with sizes that fit, or bytes. */
export function mutateMp4(input: Buffer, random: Random, other: Buffer): Buffer {
  const root = boxesOf(input);
  if (!root || random.chance(0.2)) return mutateBytes(input, random, other);
  for (let changes = random.integer(1, 4); changes > 0; changes--) {
    let boxes = root;
    let at = random.integer(0, boxes.length);
    for (let inner; (inner = boxes[at]?.boxes) && inner.length > 0 && random.chance(0.95);) {
      boxes = inner;
      at = random.integer(0, boxes.length);
    }
    const box = boxes[at];
    if (!box) continue;
    if (random.chance(0.1)) boxes.splice(at, 1);
    else if (random.chance(0.1)) boxes.splice(at, 0, box);
    else if (box.boxes === null) boxes[at] = { ...box, data: mutateBytes(box.data, random, box.data) };
  }
  return Buffer.concat(root.map(boxBytes));
}

function boxesOf(bytes: Buffer): Box[] | null {
  const boxes: Box[] = [];
  for (let at = 0; at < bytes.length;) {
    const size = at + 8 <= bytes.length ? bytes.readUInt32BE(at) : 0;
    if (size < 8 || at + size > bytes.length) return null;
    const type = bytes.toString('latin1', at + 4, at + 8);
    const data = bytes.subarray(at + 8, at + size);
    boxes.push({ type, data, boxes: HOLDERS.has(type) ? boxesOf(data) : null });
    at += size;
  }
  return boxes;
}

function boxBytes({ type, data, boxes }: Box): Buffer {
  const payload = boxes ? Buffer.concat(boxes.map(boxBytes)) : data;
  const head = Buffer.alloc(8);
  head.writeUInt32BE(payload.length + 8);
  head.write(type, 4, 'latin1');
  return Buffer.concat([head, payload]);
}
