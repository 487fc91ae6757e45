/*
 * Uncompressed pictures with time stamps as a Matroska stream: a form in which a program can be given pictures of a variable rate
 * through a pipe (RFC 9559, RFC 8794).
 */

/** Ticks of the time stamps a second. */
const TICKS = 1_000_000;

/** An element: its id, as it is written, and what it holds. */
function element(id: number, ...content: Uint8Array[]): Buffer {
  const body = Buffer.concat(content);
  const size = Buffer.alloc(8);
  size.writeBigUInt64BE((1n << 56n) | BigInt(body.length));
  return Buffer.concat([idBytes(id), size, body]);
}

function idBytes(id: number): Buffer {
  return Buffer.from(id.toString(16).padStart(2, '0'), 'hex');
}

function unsigned(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(value));
  return bytes;
}

/**
 * What comes before the pictures: RGB, 8 bits, [height, width, 3].
 * @param fps mean frames a second
 */
export function matroskaHeader(width: number, height: number, fps: number): Buffer {
  const text = (value: string): Buffer => Buffer.from(value, 'latin1');
  const head = element(
    0x1a45dfa3,
    element(0x4282, text('matroska')),
    element(0x4287, unsigned(4)),
    element(0x4285, unsigned(2)),
  );
  const segment = Buffer.concat([idBytes(0x18538067), Buffer.from('01ffffffffffffff', 'hex')]); // of unknown size
  const info = element(0x1549a966, element(0x2ad7b1, unsigned(1e9 / TICKS)));
  const video = element(
    0xe0,
    element(0xb0, unsigned(width)),
    element(0xba, unsigned(height)),
    element(0x2eb524, text('RGB\x18')),
  );
  const track = element(
    0xae,
    ...[
      element(0xd7, unsigned(1)),
      element(0x73c5, unsigned(1)),
      element(0x83, unsigned(1)),
      element(0x23e383, unsigned(Math.round(1e9 / fps))),
    ],
    element(0x86, text('V_UNCOMPRESSED')),
    video,
  );
  return Buffer.concat([head, segment, info, element(0x1654ae6b, track)]);
}

/** What comes before the pixels of each picture: a cluster of its own. */
export function matroskaPicture(timeSeconds: number, bytes: number): Buffer {
  const block = Buffer.from([0x81, 0, 0, 0x80]); // track 1, at the cluster's time, a key frame
  const time = element(0xe7, unsigned(Math.round(timeSeconds * TICKS)));
  const opening = element(0xa3, block);
  opening.writeBigUInt64BE((1n << 56n) | BigInt(block.length + bytes), 1);
  const cluster = element(0x1f43b675, time, opening);
  cluster.writeBigUInt64BE((1n << 56n) | BigInt(time.length + opening.length + bytes), 4);
  return cluster;
}
