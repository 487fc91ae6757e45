/** How far off a coarse pose may well be, as a share of the window's height: a tenth of the person's, about. */
const SOFTNESS = 1 / 16;

/**
 * What a coarse pose is worth: the weight of a heat map's place by its distance from where the joint is expected,
 * (s / (distance + s))². Chosen on COCO stills (validation) and people pasted over validation photos and clips, where it keeps
 * joints with their person better than 1 / (distance + s), as MoveNet has it, and finds as many as that of people who stand alone.
 * @param height the window's, in the unit of the distances
 * @returns weights from 0 to 1
 */
export function expectationWeight(height: number): (distance: number) => number {
  const softness = SOFTNESS * height;
  return (distance) => (softness / (distance + softness)) ** 2;
}
