import { nmse, referenceHead } from '../../src/bench/head-reference.js';
import { expectedOf, goldenNames, readGolden } from '../native/golden.js';

test.each(goldenNames)('the float64 head agrees with PyTorch: %s', (name) => {
  const golden = readGolden(name);
  const { people, shape, head, tensors } = golden;
  const of = (tensor: string, person: number): Float32Array => {
    const { data } = tensors.get(tensor)!;
    return data.subarray((person * data.length) / people, ((person + 1) * data.length) / people);
  };
  for (let person = 0; person < people; person++) {
    const heatmaps = referenceHead(
      shape,
      head,
      of('features', person),
      of('weights', person),
      expectedOf(golden, person),
    );
    expect(nmse(heatmaps, of('heatmaps', person))).toBeLessThan(1e-13); // the golden file's own rounding
  }
});

test('nmse is the squared error over the squared reference', () => {
  expect(nmse([1, 2, 5], [1, 2, 3])).toBeCloseTo(4 / 14, 12);
});
