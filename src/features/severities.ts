/*
 * How much samples are turned, cut and spoiled: fixed here, before any training, so that figures of different heads mean the
 * same. Ranges are drawn from uniformly. Lengths are shares of the person's size, the larger side of the box.
 */

/** Who is pasted over a sample, where there are people to paste. */
export const PASTE = {
  chance: 0.6,
  /** Of the tallest frame. */
  height: [0.7, 1.25],
  /** Centre to centre in the key frame, in mean widths. */
  away: [0.15, 1.1],
  /** A frame, either way. */
  speed: 0.06,
  /** The feet, either way. */
  lower: 0.1,
} as const;

/** How far off the expected joints of people are: standard deviations. */
export const EXPECTED = {
  unknownChance: 0.05,
  whole: 0.015,
  joint: [0.015, 0.06],
  astrayChance: 0.06,
  astray: 0.12,
} as const;

/** The paper's augmentations; how often each happens follows the HRNet code. */
export const AUGMENTATION = {
  /** Degrees, either way. */
  rotation: 45,
  rotationChance: 0.6,
  /** Factor of the window's size. */
  scale: [0.65, 1.35],
  flipChance: 0.5,
  /** Share of the box that is cut away at one side. */
  truncation: [0.15, 0.4],
  truncationChance: 0.3,
} as const;

/** What happens to the frames of a degraded run. */
export const SEVERITIES = {
  motionBlur: { length: [0.1, 0.22] },
  defocus: { radius: [0.03, 0.06] },
  occlusion: { occluders: [1, 3], width: [0.12, 0.29], height: [0.17, 0.44] },
  /** Brightness factor; noise as a standard deviation of values 0–255. */
  darkness: { gain: [0.06, 0.15], noise: [6, 14] },
  /** JPEG quality, 1–100. */
  compression: { quality: [3, 9] },
} as const;

/** Photos become clips by a slow movement of the camera: shares of the person's size, and degrees, a frame. */
export const STILL_MOTION = { shift: 0.03, rotation: 2 } as const;
