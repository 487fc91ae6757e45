import { deviations, protocolOptions } from '../../src/run/protocol.js';
import { withDefaults } from '../../src/run/options.js';

test('a protocol sets what a run has', () => {
  expect(protocolOptions('posetrack18')).toMatchObject({ minScore: 0.2, every: 1, format: ['posetrack18'] });
  expect(protocolOptions('coco')).toMatchObject({ minScore: 0, format: ['coco-results'] });
});

test('a run by the protocol differs in nothing; any other says in what', () => {
  const made = { ...withDefaults(protocolOptions('posetrack17')), boxes: 'detections.json' };
  expect(deviations('posetrack17', made, 'quarter')).toEqual([]);
  const other = { ...made, boxes: undefined, minScore: 0.25, smooth: { minCutoff: 2, beta: 4 }, people: 'largest', format: ['posetrack18', 'posetrack17'] }; // prettier-ignore
  expect(deviations('posetrack17', other, 'dark')).toEqual([
    expect.stringContaining('--boxes'),
    'with --people largest',
    'with --smooth 2,4',
    '--min-score 0.25 instead of 0.2',
    "heat maps were decoded in the bundle's way, dark, instead of quarter",
  ]);
  expect(deviations('coco', made, 'quarter')).toEqual([
    '--min-score 0.2 instead of 0',
    'without --flip',
    '--oks-nms 1 instead of 0.9',
    '--format posetrack17 instead of coco-results',
  ]);
  expect(deviations('coco', { ...made, ...protocolOptions('coco') }, 'quarter')).toEqual([]);
  expect(deviations('posetrack17', { ...made, flip: true, shareOut: true }, 'quarter')).toEqual([
    'with --flip',
    'without --no-share-out',
  ]);
});

test('what an older run.json does not name had its default', () => {
  const old = { boxes: 'detections.json', minScore: 0.2, every: 1, poseNms: 1, format: ['posetrack18'] };
  expect(deviations('posetrack18', old, undefined)).toEqual(['without --no-share-out', 'without --no-agreement']);
});
