import type { BoxLookup, GivenBox } from '../formats/boxes.js';
import type { Box, Image } from '../types.js';

/** The boxes that a user gave for one video, as far as they lie in its frames, and what was odd about them. */
export class GivenBoxes {
  private used = 0;
  private outside = 0;
  private firstOutside = '';

  constructor(private readonly lookup: BoxLookup) {}

  /** Everyone in a frame; boxes of which no part is in the picture are left out. */
  boxesOf(frame: Image & { index: number; name: string }): GivenBox[] {
    const boxes = this.lookup.boxesOf(frame);
    const inside = boxes.filter(({ box }) => touches(box, frame));
    if (inside.length < boxes.length && this.outside === 0) this.firstOutside = frame.name;
    this.outside += boxes.length - inside.length;
    this.used += inside.length;
    return inside;
  }

  /** What the user should know once all frames were asked for, a sentence each. */
  warnings(): string[] {
    const { used, outside, firstOutside } = this;
    if (outside > 0) return [`${outside} boxes entirely outside the frame, left out (first: frame ${firstOutside})`];
    return used === 0 ? ['none of the given boxes belongs to one of its frames'] : [];
  }
}

function touches({ x, y, width, height }: Box, image: Image): boolean {
  return x < image.width && y < image.height && x + width > 0 && y + height > 0;
}
