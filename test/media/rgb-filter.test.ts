import { rgbFilter } from '../../src/media/decoding.js';
import { rgbFrame } from '../../src/media/node-av.js';
import { orientationOf } from '../../src/media/orientation.js';
import { nodeAv, picture } from './clips.js';

const WIDTH = 97;
const HEIGHT = 61;

/** A picture that was turned into `pixels` and then by `filter` into RGB. */
async function filtered(pixels: string, filter: string): Promise<Buffer> {
  const { av, is } = nodeAv!;
  const timeBase = new av.Rational(1, 10);
  using graph = new av.FilterGraph();
  graph.alloc();
  const input = `video_size=${WIDTH}x${HEIGHT}:pix_fmt=${is.AV_PIX_FMT_RGB24}:time_base=1/10`;
  const done = (status: number): void => av.FFmpegError.throwIfError(status, 'filtering');
  done(graph.parse2(`buffer@in=${input},scale=flags=bicubic+accurate_rnd,format=${pixels},${filter},buffersink@out`));
  done(graph.configSync());
  const { data } = picture(5, WIDTH, HEIGHT);
  using frame = rgbFrame(nodeAv!, data, { width: WIDTH, height: HEIGHT, pts: 0n, timeBase });
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
