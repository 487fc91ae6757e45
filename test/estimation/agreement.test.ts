import { expect, test } from '@jest/globals';
import { agreed, type Vote } from '../../src/estimation/agreement.js';

const vote = (x: number, weight: number, score = weight): Vote => ({ x, y: 10, weight, score });

test('two who are near outvote a heavier one far away, who has no part in the mean', () => {
  const { x, y } = agreed([vote(0, 1), vote(50, 0.7), vote(52, 0.7)], 10);
  expect(y).toBe(10);
  expect(x).toBeGreaterThan(50);
  expect(x).toBeLessThan(51);
});

test('the heavier of two who do not agree is taken as it is', () => {
  expect(agreed([vote(0, 0.4), vote(50, 0.5)], 10)).toEqual({ x: 50, y: 10, score: 0.5, support: 0.5 });
});

test('support falls with the distance of those who agree, the score is their mean', () => {
  const [near, far] = [1, 5].map((x) => agreed([vote(0, 1, 0.8), vote(x, 1, 0.4)], 10));
  expect(near.support).toBeCloseTo(1.99);
  expect(far.support).toBeCloseTo(1.75);
  expect(near.score).toBeGreaterThan(0.59);
  expect(near.score).toBeLessThan(0.61);
  expect(far.score).toBeGreaterThan(near.score); // the one in the middle counts most
});

test('turned and moved votes agree on the turned and moved place', () => {
  const votes = [vote(3, 0.5), vote(7, 0.9), { x: 6, y: 14, weight: 0.6, score: 1 }];
  const { x, y } = agreed(votes, 12);
  const turned = agreed(votes.map((one) => ({ ...one, x: 100 - one.y, y: one.x })), 12); // prettier-ignore
  expect([turned.x, turned.y]).toEqual([expect.closeTo(100 - y), expect.closeTo(x)]);
});
