import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { ReadPosesOptions } from '../../src/formats/coco.js';
import { posetrackName } from '../../src/formats/posetrack18.js';
import { eachPoseFile, readPoseFiles } from '../../src/formats/read-poses.js';
import { Warnings } from '../../src/formats/warnings.js';
import { COCO_JOINTS, POSETRACK18_JOINTS } from '../../src/joints.js';

let dir: string;
beforeEach(() => (dir = mkdtempSync(path.join(tmpdir(), 'glpose-poses-'))));
afterEach(() => rmSync(dir, { recursive: true }));

function write(content: unknown, name = 'v.json'): string {
  const file = path.join(dir, name);
  writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
  return file;
}

const predictions = (allowMissing = false): ReadPosesOptions => ({
  role: 'predictions',
  warnings: new Warnings(allowMissing),
});
const annotations = (): ReadPosesOptions => ({ role: 'annotations', warnings: new Warnings() });

const keypoints = (): (number | null)[] => POSETRACK18_JOINTS.flatMap((_, k) => [k + 1, k + 2, 1]);
interface Document {
  images: Record<string, unknown>[];
  annotations: Record<string, unknown>[];
  categories: Record<string, unknown>[];
}
const document18 = (person: Record<string, unknown> = {}): Document => ({
  images: [{ id: 7, file_name: 'images/v/000003.jpg' }],
  annotations: [
    { id: 1, image_id: 7, track_id: 0, keypoints: keypoints(), scores: keypoints().slice(0, 17), ...person },
  ],
  categories: [{ id: 1, name: 'person', keypoints: POSETRACK18_JOINTS.map(posetrackName) }],
});
const document17 = (person: Record<string, unknown> = {}): { annolist: Record<string, unknown>[] } => ({
  annolist: [
    {
      image: [{ name: 'images/v/00000004.jpg' }],
      annorect: [{ track_id: [0], annopoints: [{ point: [{ id: [13], x: [5], y: [6], score: [0.5] }] }], ...person }],
    },
  ],
});

describe('categories that the annotations do not have do not count', () => {
  const box = [0, 0, 10, 10];
  const kp = COCO_JOINTS.flatMap((_, k) => [k + 1, k + 2, 2]);
  const truth = {
    images: [{ id: 1, file_name: 'v/1.jpg' }],
    annotations: [{ id: 1, image_id: 1, category_id: 1, keypoints: kp, bbox: box }],
    categories: [
      { id: 3, name: 'car' },
      { id: 1, name: 'person', keypoints: COCO_JOINTS },
    ],
  };
  const people = (document: unknown): { count: number; notes: string[] } => {
    const annotations = readPoseFiles(write(truth, 'truth.json'), {
      ...{ role: 'annotations', warnings: new Warnings() },
    } as ReadPosesOptions);
    const warnings = new Warnings();
    const [sequence] = readPoseFiles(write(document), { role: 'predictions', warnings, annotations });
    return { count: sequence.frames[0].people.length, notes: warnings.list().map(({ text }) => text) };
  };
  const result = (category: unknown): object => ({ image_id: 1, category_id: category, keypoints: kp, score: 0.5 });
  const left = 'predictions of categories that the annotations do not have, left out';

  it('in a list of results', () => {
    expect(people([result(1), result(2), result(undefined)])).toEqual({ count: 2, notes: [left] });
    expect(people([result(2)])).toEqual({ count: 0, notes: [left] });
  });

  it('in a document, whose ids are its own', () => {
    const annotations = [result(1), result(2)].map((one, id) => ({ id, ...one }));
    const two = [
      { id: 1, name: 'dog', keypoints: COCO_JOINTS },
      { id: 2, name: 'person', keypoints: COCO_JOINTS },
    ];
    expect(people({ ...truth, annotations, categories: two })).toEqual({ count: 1, notes: [left] });
    expect(people({ ...truth, annotations, categories: [{ ...two[0], name: 'human' }] }).count).toBe(1);
  });
});

describe('scores of poses', () => {
  it('that are texts are read as numbers, and told', () => {
    const { warnings, ...options } = predictions();
    const [sequence] = readPoseFiles(write(document18({ score: '0.75' })), { ...options, warnings });
    expect(sequence.frames[0].people[0].score).toBe(0.75);
    expect(warnings.list()[0].text).toBe('predictions whose `score` is a text, read as the number that it holds');
  });

  it('that are none are named', () => {
    expect(() => readPoseFiles(write(document18({ score: 'high' })), predictions())).toThrow(
      /annotation 1: `score` is "high", no number\. Write it as a number; --allow-missing/,
    );
  });
});

it('a file that is no JSON is told as such, with the forms that are read', () => {
  expect(() => readPoseFiles(write('frame,name,time\r\n', 'x.csv'), predictions())).toThrow(
    /x\.csv is no JSON file\. Give PoseTrack17\/18\/21 or COCO .* posetrack18, coco, posetrack17.* but not csv, openpose and mot/,
  );
});

describe('faults name file, frame, person and what to do', () => {
  it.each<[string, unknown, RegExp]>([
    ['too few keypoints', document18({ keypoints: [1, 2, 3] }), /v\.json, frame images\/v\/000003\.jpg, annotation 1: keypoints has 3 numbers, not 3 × 17/],
    ['too few scores', document18({ scores: [1, 2] }), /frame images\/v\/000003\.jpg, annotation 1: 2 scores for 17 joints/],
    ['a null coordinate', document18({ keypoints: [null, ...keypoints().slice(1)] }), /000003\.jpg, annotation 1, joint nose: x, y and score are null, 2, 1; .* --allow-missing/],
    ['a text as coordinate', document18({ keypoints: ['1', ...keypoints().slice(1)] }), /joint nose: x, y and score are "1", 2, 1/],
    ['an image id that is not listed', document18({ image_id: 8 }), /annotation 0: image_id 8 is not among the images/],
    ['an annotation without image id', document18({ image_id: undefined }), /annotation 0: image_id missing is not among the images/],
    ['a track id that is no number', document18({ track_id: 'a' }), /track_id is "a"/],
    ['PoseTrack17 fields in an 18 file', document18({ annopoints: [] }), /`annopoints` is a field of PoseTrack17 files/],
    ['17 and 18 in one file', { ...document18(), annolist: [] }, /is a field of PoseTrack18 files in a PoseTrack17 file/],
    ['PoseTrack18 fields in a 17 file', document17({ keypoints: [] }), /00000004\.jpg, person 0: `keypoints` is a field of PoseTrack18/],
    ['a joint id beyond 14', document17({ annopoints: [{ point: [{ id: [15], x: [1], y: [1] }] }] }), /person 0: joint id 15/],
    ['a 17 file with null', document17({ annopoints: [{ point: [{ id: [0], x: [null], y: [1], score: [1] }] }] }), /joint right_ankle: x, y and score are null, 1, 1/],
    ['annotations that are no list', { ...document18(), annotations: {} }, /v\.json: the list `annotations` is an object/],
    ['a person that is no object', { ...document18(), annotations: [4] }, /v\.json, annotation 0 is 4/],
    ['an image without name', { ...document18(), images: [{ id: 7 }] }, /v\.json, image 0 has no id or no file_name/],
    ['two images of one id', { ...document18(), images: [...document18().images, { id: 7, file_name: 'images/v/4.jpg' }] }, /two images are called .* or have the id 7/],
    ['two frames of one name', { annolist: [...document17().annolist, ...document17().annolist] }, /two frames are called images\/v\/00000004\.jpg/],
    ['a frame without name', { annolist: [{ image: [] }] }, /v\.json, frame 0 has no image name/],
    ['ignore regions of unequal length', { ...document18(), images: [{ id: 7, file_name: 'a', ignore_regions_x: [[1, 2]], ignore_regions_y: [[1]] }] }, /ignore region 0 has x and y of different lengths/],
    ['ignore regions with x alone', { ...document18(), images: [{ id: 7, file_name: 'a', ignore_regions_x: [[1, 2]] }] }, /the list `ignore_regions_y` is missing/],
    ['more ignore regions in y than in x', { ...document18(), images: [{ id: 7, file_name: 'a', ignore_regions_x: [], ignore_regions_y: [[1]] }] }, /ignore region 0 has x and y of different lengths/],
    ['a joint listed twice', { ...document18(), categories: [{ keypoints: ['nose', 'nose'] }] }, /category 0: `keypoints` lists nose twice/],
    ['something else', { hello: 1 }, /v\.json holds no poses/],
    ['a text file', 'hello', /v\.json is not valid JSON at line 1, column 1/],
    ['an empty file', '', /v\.json is not valid JSON .* The file is empty/],
    ['a file cut short', '{"images": [\n{"id": 1,\n', /v\.json is not valid JSON at line 3, column 1/],
    ['a comma too many', '{"images": [1,],\n"annotations": []}', /not valid JSON at line 1, column 15 \(byte 14\)/],
  ])('%s', (_, content, message) => {
    const file = write(content);
    expect(() => readPoseFiles(file, predictions())).toThrow(message);
  }); // prettier-ignore

  it('NaN as Python writes it', () => {
    const text = JSON.stringify(document18()).replace('"keypoints":[1,', '"keypoints":[NaN,');
    expect(() => readPoseFiles(write(text), predictions())).toThrow(
      /annotation 1, joint nose: x, y and score are null/,
    );
    const options = predictions(true);
    const [{ frames }] = readPoseFiles(write(text), options);
    expect(frames[0].people[0].joints[0]).toBeNaN();
    expect(frames[0].people[0].joints[3]).toBe(2);
    expect(options.warnings.list()).toMatchObject(
      [{ count: 1, text: /place or score is not a number/ as unknown }].map(() => ({ count: 1 })),
    );
  });

  it('files and folders that are not there or hold nothing', () => {
    expect(() => readPoseFiles(path.join(dir, 'none'), predictions())).toThrow(/none cannot be read/);
    expect(() => readPoseFiles(dir, predictions())).toThrow(/holds no file with poses/);
  });
});

describe('when a joint is there', () => {
  const read = (points: number[], options: ReadPosesOptions, person: Record<string, unknown> = {}): number[] => {
    const rest = keypoints().slice(points.length);
    const [{ frames }] = readPoseFiles(write(document18({ keypoints: [...points, ...rest], ...person })), options);
    return Array.from(frames[0].people[0].joints.filter((_, i) => i % 3 === 0).slice(0, points.length / 3));
  };

  it('PoseTrack18: unless x, y and visibility are all 0', () => {
    expect(read([0, 0, 0, 5, 5, 0, 0, 0, 1], annotations())).toEqual([NaN, 5, 0]);
  });

  it('PoseTrack21, known by its person_id or asked for: where x and y are above 0', () => {
    expect(read([5, 5, 0, 5, 0, 1], annotations(), { person_id: 3 })).toEqual([5, NaN]);
    expect(read([5, 5, 0, 5, 0, 1], { ...annotations(), dialect: 'posetrack21' })).toEqual([5, NaN]);
  });

  it('COCO: where an annotation is visible or labelled', () => {
    expect(read([5, 5, 0, 5, 5, 1], { ...annotations(), dialect: 'coco' })).toEqual([NaN, 5]);
  });
});

it('tells the dialect also where the option is there and undefined, as from the command line', () => {
  const options = { ...annotations(), dialect: undefined };
  const content = document18({ person_id: 1, keypoints: [5, -5, 1, ...keypoints().slice(3)] });
  const [{ frames, positiveOnly }] = readPoseFiles(write(content), options);
  expect(frames[0].people[0].joints[0]).toBeNaN();
  expect(positiveOnly).toBe(true);
});

it('passes over folders that are called like files', () => {
  mkdirSync(path.join(dir, 'x.json'));
  write(document18(), 'a.json');
  expect(readPoseFiles(dir, predictions())).toHaveLength(1);
});

it('a file without frames is a sequence without frames, unless it is all there is', () => {
  write(document18(), 'a.json');
  write({ annolist: [] }, 'b.json');
  expect(readPoseFiles(dir, predictions()).map(({ name, frames }) => [name, frames.length])).toEqual([
    ['v', 1],
    ['b', 0],
  ]);
  expect(() => readPoseFiles(path.join(dir, 'b.json'), predictions())).toThrow(/b\.json lists no frame\. Give/);
});

it('nothing comes of files that are all without frames', () => {
  for (const name of ['a', 'b']) write({ annolist: [] }, `${name}.json`);
  expect(() => eachPoseFile(dir, predictions()).next()).toThrow(/lists no frame/);
});

it('PoseTrack21 frames that were not labelled are marked', () => {
  const content = document18({ person_id: 1 });
  content.images[0].is_labeled = false;
  expect(readPoseFiles(write(content), annotations())[0].frames[0].labelled).toBe(false);
});

describe('scores', () => {
  it('come last in rank where there are none, as in the reference, and it is said', () => {
    const options = predictions();
    const [{ frames }] = readPoseFiles(write(document18({ scores: [] })), options);
    expect(frames[0].people[0].joints[2]).toBe(-9999);
    expect(options.warnings.list()[0].text).toMatch(/without joint scores, ranked last/);
  });

  it('are taken from the third values where those are no flags', () => {
    const third = keypoints().map((value, i) => (i % 3 === 2 ? 0.25 : value));
    const [{ frames }] = readPoseFiles(write(document18({ scores: undefined, keypoints: third })), predictions());
    expect(frames[0].people[0].joints[2]).toBe(0.25);
  });
});

it('maps joints by the category’s names', () => {
  const content = document18({ keypoints: [1, 2, 3, 4, 5, 6], scores: [] });
  content.categories[0].keypoints = ['head_bottom', 'left_eye'];
  const [{ joints }] = readPoseFiles(write(content), predictions());
  expect(joints).toEqual(['neck', 'left_eye']);
});

it('reads a folder of both formats and passes over other JSON, counted', () => {
  write(document18(), 'a.json');
  write(document17(), 'b.json');
  write({ version: 1 }, 'run.json');
  const options = predictions();
  expect(readPoseFiles(dir, options).map(({ file }) => path.basename(file))).toEqual(['a.json', 'b.json']);
  expect(options.warnings.list()).toMatchObject([{ text: 'files without poses, left out', count: 1 }]);
});

it('takes the output folder of a run for the poses in it, the richest format first', () => {
  for (const format of ['posetrack17', 'posetrack18']) mkdirSync(path.join(dir, format));
  write({ version: 1 }, 'run.json');
  write(document17(), 'posetrack17/v.json');
  write(document18(), 'posetrack18/v.json');
  const options = predictions();
  expect(readPoseFiles(dir, options).map(({ file }) => path.relative(dir, file))).toEqual(['posetrack18/v.json']);
  expect(options.warnings.list()).toEqual([]);
});

it('groups the frames of a merged file by their folders, in order of their numbers', () => {
  const content = document18();
  content.images = ['b/2', 'a/10', 'a/9'].map((name, id) => ({ id, file_name: `images/${name}.jpg` }));
  content.annotations = [];
  const sequences = readPoseFiles(write(content), predictions());
  expect(sequences.map(({ name, frames }) => [name, frames.map((frame) => frame.name)])).toEqual([
    ['b', ['images/b/2.jpg']],
    ['a', ['images/a/9.jpg', 'images/a/10.jpg']],
  ]);
});

it('places a list of results by image id in the annotations’ frames', () => {
  const truth = readPoseFiles(write({ ...document18(), categories: [{ keypoints: [...COCO_JOINTS] }] }), annotations());
  const list = [{ image_id: 7, keypoints: keypoints(), score: 0.5 }];
  const [{ frames }] = readPoseFiles(write(list, 'r.json'), { ...predictions(), annotations: truth });
  expect(frames[0].people).toMatchObject([{ score: 0.5 }]);
  list[0].image_id = 9;
  const stray = (): unknown => readPoseFiles(write(list, 's.json'), { ...predictions(), annotations: truth });
  expect(stray).toThrow(/s\.json, annotation 0: image_id 9 is not among the images/);
});
