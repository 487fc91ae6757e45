import { imageStream } from '../../src/media/image-stream.js';

async function* pieces(lengths: number[]): AsyncGenerator<Uint8Array, void, undefined> {
  let next = 0;
  for (const length of lengths) yield Uint8Array.from({ length }, () => next++ % 256);
}

async function read(lengths: number[]): Promise<number[][]> {
  const images: number[][] = [];
  for await (const { width, height, data } of imageStream(pieces(lengths), { width: 2, height: 2 })) {
    expect([width, height, data.length]).toEqual([2, 2, 12]);
    images.push([...data]);
  }
  return images;
}

const whole = [0, 12, 24].map((start) => Array.from({ length: 12 }, (_, i) => start + i));

test.each([[[36]], [[12, 12, 12]], [[5, 5, 5, 20, 0, 1]], [new Array(36).fill(1) as number[]], [[30, 6]]])(
  'images come whole out of pieces of %j bytes',
  async (lengths) => expect(await read(lengths)).toEqual(whole),
);

test('bytes that end within an image are told', async () => {
  await expect(read([12, 7])).rejects.toMatchObject({
    code: 'INPUT',
    message: expect.stringMatching(/middle of image 1: 7 of 12 bytes.*2×2/),
  });
  expect(await read([])).toEqual([]);
});
