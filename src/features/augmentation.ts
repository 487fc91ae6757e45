import { windowOf } from '../geometry/window.js';
import type { Box, Window } from '../types.js';
import type { Random } from './random.js';
import { AUGMENTATION, STILL_MOTION } from './severities.js';
import { toView, type View } from './viewpoint.js';

/** How a sample looks at its person. */
export interface Look {
  view: View;
  /** Factor of the sizes of all windows of the sample. */
  scale: number;
  /** The key's window, in the view. */
  window: Window;
}

/** The person as inference would see them. */
export function plainLook(box: Box, aspect: number): Look {
  const { centreX, centreY, ...size } = windowOf(box, aspect);
  const view: View = { ...pivotOf(box), rotation: 0, flip: false };
  const centre = toView(view, { x: centreX, y: centreY });
  return { view, scale: 1, window: { centreX: centre.x, centreY: centre.y, ...size } };
}

/** The person's centre, about which photos turn, too; in whole pixels, so that an unturned view is a copy. */
function pivotOf(box: Box): Pick<View, 'pivotX' | 'pivotY'> {
  return { pivotX: Math.round(box.x + box.width / 2), pivotY: Math.round(box.y + box.height / 2) };
}

/**
 * Draws a turned, scaled, mirrored or truncated look at a person (severities.ts).
 * @param aspect width / height of windows
 */
export function augmentedLook(box: Box, aspect: number, random: Random): Look {
  const { rotation, rotationChance, scale: scales, flipChance, truncation, truncationChance } = AUGMENTATION;
  const seen = random.chance(truncationChance)
    ? truncated(box, random.uniform(...truncation), random.integer(0, 4))
    : box;
  const { centreX, centreY, ...size } = windowOf(seen, aspect);
  const view: View = {
    ...pivotOf(box),
    rotation: random.chance(rotationChance) ? (random.uniform(-rotation, rotation) * Math.PI) / 180 : 0,
    flip: random.chance(flipChance),
  };
  const centre = toView(view, { x: centreX, y: centreY });
  const scale = random.uniform(...scales);
  const window = { centreX: centre.x, centreY: centre.y, width: size.width * scale, height: size.height * scale };
  return { view, scale, window };
}

/** Without a share of the box at its left, top, right or bottom. */
function truncated(box: Box, share: number, side: number): Box {
  const horizontal = side % 2 === 0;
  const width = horizontal ? box.width * (1 - share) : box.width;
  const height = horizontal ? box.height : box.height * (1 - share);
  return { x: side === 0 ? box.x + box.width - width : box.x, y: side === 1 ? box.y + box.height - height : box.y, width, height }; // prettier-ignore
}

/**
 * A photo seen by a camera that moves slowly on: the view of each of 2k+1 frames, the given one in the middle.
 * @param size the person's, in pixels
 */
export function movingCamera(view: View, k: number, size: number, random: Random): View[] {
  const heading = random.uniform(0, 2 * Math.PI);
  const step = random.uniform(0, STILL_MOTION.shift * size);
  const turn = (random.uniform(-STILL_MOTION.rotation, STILL_MOTION.rotation) * Math.PI) / 180;
  return Array.from({ length: 2 * k + 1 }, (_, place) => {
    const offset = place - k;
    if (offset === 0) return view;
    return {
      ...view,
      pivotX: view.pivotX + offset * step * Math.cos(heading),
      pivotY: view.pivotY + offset * step * Math.sin(heading),
      rotation: view.rotation + offset * turn,
    };
  });
}
