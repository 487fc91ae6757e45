import type { Box, Image } from '../../src/types.js';

export const [WIDTH, HEIGHT] = [160, 120];

/** The light of a wall of patches at a place of it, in pixels. */
export function wall(x: number, y: number): number {
  return 128 + 30 * (Math.sin(x / 5) + Math.sin(y / 4 + 1) + Math.sin((x + y) / 7));
}

export interface View {
  /** Where the wall's origin lies in the picture. */
  x?: number;
  y?: number;
  scale?: number;
  lighter?: number;
  /** Where somebody in a chequered shirt is in the way. */
  person?: Box;
}

/** What a camera before the wall sees. */
export function view({ x = 0, y = 0, scale = 1, lighter = 0, person }: View): Image {
  const data = new Uint8Array(3 * WIDTH * HEIGHT);
  let at = 0;
  for (let row = 0; row < HEIGHT; row++) {
    for (let column = 0; column < WIDTH; column++) {
      const [right, down] = person ? [column - person.x, row - person.y] : [-1, -1];
      const isPerson = person && right >= 0 && down >= 0 && right < person.width && down < person.height;
      const shirt = ((right >> 2) + (down >> 2)) % 2 === 0 ? 40 : 220;
      const value = Math.min(255, lighter + (isPerson ? shirt : wall((column - x) / scale, (row - y) / scale)));
      data[at++] = value;
      data[at++] = value;
      data[at++] = value;
    }
  }
  return { width: WIDTH, height: HEIGHT, data };
}
