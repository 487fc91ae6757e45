import { expect, test } from '@jest/globals';
import { withSecondOpinion } from '../../src/estimation/second-opinion.js';
import type { Joint } from '../../src/types.js';

const WINDOW = { centreX: 50, centreY: 100, width: 150, height: 200 };
const joint = (x: number, score: number, more: Partial<Joint> = {}): Joint => ({ x, y: 100, score, ...more });
const NAMES = ['left_wrist', 'right_wrist'];
const both = (head: Joint | null, own: Joint | null): Joint | null =>
  withSecondOpinion([[head, null]], [[own, null]], [WINDOW], NAMES)[0]![0];

test('where both agree, the joint lies between them, nearer to the surer', () => {
  const { x, score } = both(joint(50, 0.8), joint(53, 0.8))!;
  expect(x).toBeGreaterThan(50);
  expect(x).toBeLessThan(51.5);
  expect(score).toBeGreaterThan(0.78);
});

test('where they do not, it is the surer one’s, and less sure', () => {
  expect(both(joint(50, 0.8), joint(120, 0.9))).toEqual(joint(50, expect.closeTo(0.8 / 1.5) as unknown as number));
  expect(both(joint(50, 0.2), joint(120, 0.9))).toEqual(joint(120, expect.closeTo(0.3) as unknown as number));
});

test('a hidden joint stays hidden; without a second opinion nothing changes', () => {
  const hidden = joint(50, 0.01, { occluded: true });
  expect(both(hidden, joint(120, 0.9))).toBe(hidden);
  const seen = joint(50, 0.6);
  expect(both(seen, joint(120, 0.01, { occluded: true }))).toBe(seen);
  expect(both(seen, null)).toBe(seen);
  expect(both(null, joint(120, 0.9))).toBeNull();
});

test('the extractor’s joint is not taken where somebody else’s is, left or right; people who are left out do not count', () => {
  const [head, own] = [[joint(50, 0.2), null], [joint(120, 0.9), null]]; // prettier-ignore
  const among = (...others: (Joint | null)[][]): number | undefined =>
    withSecondOpinion([head, ...others], [own, null], [WINDOW, WINDOW], NAMES)[0]![0]?.x;
  expect(among([joint(300, 0.9), null])).toBe(120);
  expect(among([joint(122, 0.9), null])).toBe(50);
  expect(among([null, joint(122, 0.9)])).toBe(50);
  expect(withSecondOpinion([head, null], [own, null], [WINDOW, WINDOW], NAMES)).toEqual([
    [expect.objectContaining({ x: 120 }), null],
    null,
  ]);
});
