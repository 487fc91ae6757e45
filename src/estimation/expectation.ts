/** How far off a coarse pose may well be, as a share of the window's height. */
const SOFTNESS = 3 / 16;

/** s of `expectationWeight`. */
export function expectationSoftness(height: number): number {
  return SOFTNESS * height;
}

/**
 * What a coarse pose is worth: the weight of a heat map's place by its distance from where the joint is expected,
 * (s / (distance + s))². Chosen on validation: COCO stills, photos and clips of one person, and people pasted over these.
 * Narrower ones lose joints of people who stand alone and bend in ways that the detector does not foresee.
 * @param height the window's, in the unit of the distances
 * @returns weights from 0 to 1
 */
export function expectationWeight(height: number): (distance: number) => number {
  const softness = expectationSoftness(height);
  return (distance) => (softness / (distance + softness)) ** 2;
}
