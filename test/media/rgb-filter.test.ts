import { partAround, partFilter, rgbFilter } from '../../src/media/decoding.js';
import { rgbFrame } from '../../src/media/node-av.js';
import { orientationOf } from '../../src/media/orientation.js';
import type { Image } from '../../src/types.js';
import { nodeAv, picture } from './clips.js';

const WIDTH = 97;
const HEIGHT = 61;

/** An image that was turned into `pixels` and then by `filter` into RGB. */
async function filtered(pixels: string, filter: string, image: Image = picture(5, WIDTH, HEIGHT)): Promise<Buffer> {
  const { width, height, data } = image;
  const { av, is } = nodeAv!;
  const timeBase = new av.Rational(1, 10);
  using graph = new av.FilterGraph();
  graph.alloc();
  const input = `video_size=${width}x${height}:pix_fmt=${is.AV_PIX_FMT_RGB24}:time_base=1/10`;
  const done = (status: number): void => av.FFmpegError.throwIfError(status, 'filtering');
  done(graph.parse2(`buffer@in=${input},scale=flags=bicubic+accurate_rnd,format=${pixels},${filter},buffersink@out`));
  done(graph.configSync());
  using frame = rgbFrame(nodeAv!, data, { width, height, pts: 0n, timeBase });
  done(await graph.getFilter('buffer@in')!.buffersrcAddFrame(frame));
  using result = new av.Frame();
  result.alloc();
  done(await graph.getFilter('buffersink@out')!.buffersinkGetFrame(result));
  return result.toBuffer();
}

const SIZES = { 'the same size': [WIDTH, HEIGHT], 'another size': [80, 64] } as const;

describe.each(Object.entries(SIZES))('RGB of %s is the same whether the pixel format is known or not', (_, size) => {
  test.each(['yuv420p', 'yuvj420p', 'yuv422p', 'yuv444p', 'yuv420p10le', 'yuv422p10le', 'pal8', 'bgr0'])(
    '%s',
    async (pixels) => {
      if (nodeAv === null) return;
      const [width, height] = size;
      const video = { width, height, orientation: orientationOf(null) };
      const known = await filtered(pixels, rgbFilter(video, pixels));
      expect(known.length).toBe(3 * width * height);
      expect(known.equals(await filtered(pixels, rgbFilter(video, null)))).toBe(true);
    },
  );
});

/** Every pixel has another colour than those beside it. */
function coloured(width: number, height: number): Image {
  return {
    width,
    height,
    data: Uint8Array.from({ length: 3 * width * height }, (_, i) => (i * i * 7919 + i * 31) % 251),
  };
}

describe('a part of a frame', () => {
  const SIZE = { width: 334, height: 242 };
  const upright = { ...SIZE, orientation: orientationOf(null) };
  const boxes = {
    'in the middle': { x: 150, y: 120, width: 20, height: 30 },
    'at the edge of a step': { x: 128, y: 64, width: 64, height: 64 },
    'in a corner': { x: -20, y: 190, width: 60, height: 90 },
    'at the right': { x: 300, y: 3, width: 80, height: 40 },
    'beside the frame': { x: 400, y: -90, width: 10, height: 10 },
  };
  const formats = ['yuv420p', 'yuvj420p', 'yuv422p', 'yuv444p'];

  test.each(formats.flatMap((pixels) => Object.entries(boxes).map(([where, box]) => [pixels, where, box] as const)))(
    'of %s, %s, has the pixels of the whole in the box',
    async (pixels, _, box) => {
      if (nodeAv === null) return;
      const image = coloured(SIZE.width, SIZE.height);
      const part = partAround(box, upright, SIZE, pixels)!;
      expect(part.width * part.height).toBeLessThan(0.5 * SIZE.width * SIZE.height);
      const whole = await filtered(pixels, rgbFilter(upright, pixels), image);
      const some = await filtered(pixels, partFilter(part, pixels), image);
      expect(some.length).toBe(3 * part.width * part.height);
      const [left, right] = [Math.max(0, box.x), Math.min(SIZE.width, box.x + box.width)];
      for (let y = Math.max(0, box.y); y < Math.min(SIZE.height, box.y + box.height) && left < right; y++) {
        const inPart = 3 * ((y - part.top) * part.width + left - part.left);
        const inWhole = 3 * (y * SIZE.width + left);
        const length = 3 * (right - left);
        expect(some.subarray(inPart, inPart + length).equals(whole.subarray(inWhole, inWhole + length))).toBe(true);
      }
    },
  );

  test('is not told where pixels move, or are rounded by their place', () => {
    const box = boxes['in the middle'];
    const turned = { ...upright, orientation: { filter: 'hflip', turned: false } };
    expect(partAround(box, upright, { width: 336, height: 242 }, 'yuv420p')).toBeNull();
    expect(partAround(box, turned, SIZE, 'yuv420p')).toBeNull();
    expect(partAround(box, upright, SIZE, 'yuv420p10le')).toBeNull();
    expect(partAround(box, upright, SIZE, null)).toBeNull();
    const odd = { width: 335, height: 242 };
    expect(partAround(box, { ...upright, ...odd }, odd, 'yuv420p')).toBeNull();
    expect(partAround(box, { ...upright, ...odd }, odd, 'yuv444p')).not.toBeNull();
  });
});
