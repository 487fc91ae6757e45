import { globalReferences, type Candidate } from '../../src/estimation/similarity.js';

const candidate = (frame: number, person: number, ...embedding: number[]): Candidate => ({
  frame,
  person,
  embedding: Float32Array.from(embedding),
});

test('ranks by the sum of the Hadamard product and weighs by its softmax (Eq. 3, frame level)', () => {
  const key = Float32Array.of(1, 2);
  const a = candidate(3, 0, 1, 0); // product (1, 0), sum 1
  const b = candidate(5, 0, 0, 1); // product (0, 2), sum 2
  const c = candidate(9, 0, -1, 0); // product (−1, 0), sum −1: not among the first two
  const chosen = globalReferences(key, 0, [a, b, c], 2, 'frame');
  expect(chosen.map((reference) => reference.candidate)).toEqual([b, a]);
  const first = 1 / (1 + Math.exp(-1));
  expect(chosen[0].weight[0]).toBeCloseTo(first, 6);
  expect(chosen[0].weight[1]).toBeCloseTo(first, 6);
  expect(chosen[1].weight[0]).toBeCloseTo(1 - first, 6);
});

test('per channel, each channel has a softmax of its own over the chosen', () => {
  const key = Float32Array.of(1, 2);
  const chosen = globalReferences(key, 0, [candidate(3, 0, 1, 0), candidate(5, 0, 0, 1)], 2, 'channel');
  // The second candidate ranks first. Channel 0: products 0 and 1; channel 1: products 2 and 0.
  expect(chosen[0].weight[0]).toBeCloseTo(1 / (1 + Math.E), 6);
  expect(chosen[0].weight[1]).toBeCloseTo(1 / (1 + Math.exp(-2)), 6);
  expect(chosen[0].weight[1] + chosen[1].weight[1]).toBeCloseTo(1, 6);
});

test('leaves out the key frame; ties go to the earlier frame, then the lower box', () => {
  const key = Float32Array.of(1);
  const same = [candidate(7, 1, 1), candidate(2, 3, 1), candidate(7, 0, 1), candidate(4, 0, 9)];
  const chosen = globalReferences(key, 4, same, 3, 'frame');
  expect(chosen.map(({ candidate: c }) => [c?.frame, c?.person])).toEqual([[2, 3], [7, 0], [7, 1]]); // prettier-ignore
});

test('the key itself fills the places that candidates leave empty', () => {
  const key = Float32Array.of(1, 1);
  const chosen = globalReferences(key, 0, [candidate(1, 0, 0, 0)], 3, 'frame');
  expect(chosen.map((reference) => reference.candidate === null)).toEqual([false, true, true]);
  const own = Math.exp(2) / (1 + 2 * Math.exp(2));
  expect(chosen[1].weight[0]).toBeCloseTo(own, 6);
  expect(chosen.reduce((sum, reference) => sum + reference.weight[0], 0)).toBeCloseTo(1, 6);
  expect(globalReferences(key, 0, [], 0, 'channel')).toEqual([]);
});
