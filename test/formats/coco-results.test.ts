import { readCocoDocument, readCocoResults } from '../../src/formats/coco.js';
import { writeCoco, writeCocoResults } from '../../src/formats/coco-results.js';
import { Warnings } from '../../src/formats/warnings.js';
import { asFolder, JOINTS, twoPeople } from './two-people.js';

const plain = (value: unknown): Record<string, unknown> => JSON.parse(JSON.stringify(value)) as Record<string, unknown>;

test('the document is read back with every frame, person and score', () => {
  const document = writeCoco(twoPeople());
  const options = { role: 'predictions', warnings: new Warnings() } as const;
  const [sequence] = readCocoDocument(plain(document), 'clip.json', options);
  expect(sequence.frames.map(({ people }) => people.length)).toEqual([2, 0, 1]);
  const { joints, score, trackId, box } = sequence.frames[0].people[1];
  expect([...joints]).toEqual(JOINTS.slice(0, 17).flatMap((_, i) => [300 + i, 60 + 2 * i, 0.5 + i / 100]));
  expect({ score, trackId, box }).toEqual({
    score: 0.4,
    trackId: 7,
    box: { x: 300, y: 60, width: 40.5, height: 80.25 },
  });
});

test('the document obeys what COCO’s own API asks of one', () => {
  const { images, annotations, categories } = writeCoco(twoPeople());
  expect(images.map(({ id, file_name }) => [id, file_name])).toEqual([
    [0, 'clip/000000.jpg'],
    [1, 'clip/000001.jpg'],
    [2, 'clip/000002.jpg'],
  ]);
  expect(annotations.map(({ id }) => id)).toEqual([1, 2, 3]); // pycocotools takes an id of 0 for "no match"
  for (const { keypoints, num_keypoints: found, bbox, area } of annotations) {
    expect(keypoints).toHaveLength(3 * categories[0].keypoints.length);
    const flags = keypoints.filter((_, i) => i % 3 === 2);
    expect(flags.every((flag) => flag === 0 || flag === 2)).toBe(true);
    expect(flags.filter((flag) => flag > 0)).toHaveLength(found);
    expect(area).toBe(bbox[2] * bbox[3]);
  }
  expect(annotations.at(-1)!.num_keypoints).toBe(14); // of 17: one not given, one not found, one without a place
  for (const limb of categories[0].skeleton) for (const place of limb) expect(place).toBeLessThanOrEqual(17);
});

test('joints outside the picture, of whatever size this one is, have the flag of what cannot be seen', () => {
  const video = twoPeople();
  const person = video.frames[0].people[0]; // its joint i lies at 100 + i, 50 + 2 i
  person.joints[0] = { x: -3, y: 50, score: 0.5 };
  person.joints[1] = { x: 639.4, y: -0.4, score: 0.5 };
  video.frames[0] = { ...video.frames[0], people: [person] };
  const flags = ({ keypoints }: { keypoints: number[] }): number[] => keypoints.filter((_, i) => i % 3 === 2);
  const [first] = writeCoco(video).annotations;
  expect(flags(first).slice(0, 3)).toEqual([1, 2, 2]);
  expect(first.num_keypoints).toBe(17);
  video.frames[0] = { ...video.frames[0], width: 105, height: 500 };
  const smaller = writeCoco(video);
  expect(flags(smaller.annotations[0]).slice(0, 8)).toEqual([1, 1, 2, 2, 2, 1, 1, 1]);
  expect(smaller.images[0]).toMatchObject({ width: 105, height: 500 });
  expect(smaller.images[1]).toMatchObject({ width: 640, height: 480 });
});

test('results find their images in annotations with the same file numbers', () => {
  const results = writeCocoResults(asFolder(['000000397133.jpg', '000000000785.jpg', '000000037777.jpg']));
  expect(results.map(({ image_id: id }) => id)).toEqual([397133, 397133, 37777]);
  const frame = { labelled: true, ignoreRegions: [], people: [], listed: 0 };
  const truth = {
    ...{ name: 'val2017', file: 'truth.json', alone: true, joints: JOINTS.slice(0, 17) },
    frames: [397133, 785, 37777].map((imageId) => ({ ...frame, name: `${imageId}.jpg`, imageId })),
  };
  const [read] = readCocoResults(plain(results) as unknown as unknown[], 'results.json', [truth], new Warnings());
  expect(read.frames.map(({ people }) => people.length)).toEqual([2, 0, 1]);
  expect([...read.frames[0].people[0].joints.subarray(0, 6)]).toEqual([100, 50, 0.5, 101, 52, 0.51]);
});

test('names that are no different numbers give the frames’ places as ids', () => {
  expect(writeCoco(asFolder(['a.jpg', 'b.jpg', 'c.jpg'])).images.map(({ id }) => id)).toEqual([0, 1, 2]);
  expect(writeCoco(asFolder(['1.jpg', '1.png', '2.jpg'])).images.map(({ id }) => id)).toEqual([0, 1, 2]);
});
