import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { readBoxes } from '../../src/formats/boxes.js';
import { describeWithShared } from '../shared-data.js';

let dir: string;
beforeEach(() => (dir = mkdtempSync(path.join(tmpdir(), 'glpose-boxes-'))));
afterEach(() => rmSync(dir, { recursive: true }));

function file(name: string, content: unknown): string {
  const full = path.join(dir, name);
  mkdirSync(path.dirname(full), { recursive: true });
  writeFileSync(full, typeof content === 'string' ? content : JSON.stringify(content));
  return full;
}

describe('MOTChallenge text', () => {
  it('counts frames and pixels from 1 and finds frames by place, in videos and folders alike', () => {
    const boxes = readBoxes(file('det.txt', '1,-1,11,21,30,40,0.9,-1,-1,-1\n3,7,1,1,5,6,-1\n'));
    expect(boxes.count).toBe(2);
    const video = boxes.forVideo('anything');
    expect(video.boxesOf({ index: 0, name: '0' })).toEqual([
      { box: { x: 10, y: 20, width: 30, height: 40 }, score: 0.9 },
    ]);
    expect(video.boxesOf({ index: 1, name: '1' })).toEqual([]);
    const [third] = video.boxesOf({ index: 2, name: '000003.jpg' });
    expect(third.score).toBe(1);
  });

  it('keeps track ids only where every box of a frame has its own', () => {
    const tracked = readBoxes(file('a.txt', '1,4,1,1,9,9,1\n1,5,1,1,8,8,1\n'));
    expect(
      tracked
        .forVideo('a')
        .boxesOf({ index: 0, name: '0' })
        .map((box) => box.trackId),
    ).toEqual([3, 4]); // from 0 here
    const doubled = readBoxes(file('b.txt', '1,4,1,1,9,9,1\n1,4,1,1,8,8,1\n'));
    expect(
      doubled
        .forVideo('b')
        .boxesOf({ index: 0, name: '0' })
        .map((box) => box.trackId),
    ).toEqual([undefined, undefined]);
    expect(doubled.warnings.map(({ text }) => text).join()).toMatch(/track ids were not unique/);
  });

  it('drops them where boxes of some frame have none: a tracker would count these from 0 again', () => {
    const text = '1,1,1,1,9,9,1\n1,2,50,1,9,9,1\n2,1,1,1,9,9,1\n3,-1,50,1,9,9,1\n5,2,50,1,9,9,1\n';
    const boxes = readBoxes(file('gap.txt', text));
    const ids = [0, 1, 2, 3, 4].map((index) =>
      boxes
        .forVideo('gap')
        .boxesOf({ index, name: String(index) })
        .map((box) => box.trackId),
    );
    expect(ids.flat()).toEqual([undefined, undefined, undefined, undefined, undefined]);
    expect(boxes.warnings.map(({ text, count }) => [text, count])).toEqual([
      ['videos whose track ids were not unique, or missing in places, ids left out', 1],
    ]);
  });

  it('takes ids as they are where the file counts from 0', () => {
    const boxes = readBoxes(file('a.txt', '1,0,1,1,9,9,1\n1,1,1,1,8,8,1\n2,1,1,1,9,9,1\n')).forVideo('a');
    const ids = (index: number): unknown[] => boxes.boxesOf({ index, name: String(index) }).map((box) => box.trackId);
    expect([ids(0), ids(1)]).toEqual([[0, 1], [1]]);
  });

  it('leaves out what ground truth marks as no person', () => {
    const truth = '1,1,1,1,9,9,1,1,0.8\n1,2,1,1,9,9,0,1,0.8\n1,3,1,1,9,9,1,3,0.8\n';
    const boxes = readBoxes(file('gt.txt', truth));
    expect(boxes.count).toBe(1);
    expect(boxes.warnings[0].count).toBe(2);
  });

  it('names the line that is no box', () => {
    const broken = file('x.txt', '1,1,1,1,9,9,1\nframe,id\n');
    expect(() => readBoxes(broken)).toThrow(/x\.txt, line 2 is not a MOTChallenge box/);
  });

  it('drops NaN, negative and empty boxes and counts them', () => {
    const boxes = readBoxes(file('bad.txt', '1,1,nan,1,9,9,1\n1,2,1,1,-9,9,1\n1,3,1,1,0,9,1\n1,4,1,1,9,9,1\n'));
    expect(boxes.count).toBe(1);
    expect(boxes.warnings.map(({ text, count }) => [text, count])).toEqual([
      ['boxes or scores that are not finite numbers, left out', 1],
      ['boxes of no or negative size, left out', 2],
    ]);
  });
});

describe('COCO detections', () => {
  it('reads plain image ids as the number in the file name, or the place in a video', () => {
    const list = [
      { image_id: 12, bbox: [1, 2, 3, 4], score: 0.5, category_id: 1 },
      { image_id: 12, bbox: [1, 2, 3, 4], score: 0.5, category_id: 18 },
    ];
    const boxes = readBoxes(file('det.json', list));
    expect(boxes.count).toBe(1);
    const video = boxes.forVideo('v');
    expect(video.boxesOf({ index: 3, name: 'img/000012.jpg' })).toHaveLength(1);
    expect(video.boxesOf({ index: 12, name: '12' })).toHaveLength(1);
    expect(video.boxesOf({ index: 12, name: '000013.jpg' })).toEqual([]);
  });

  it('reads PoseTrack image ids', () => {
    const boxes = readBoxes(file('det.json', [
      { image_id: 10003420007, bbox: [1, 2, 3, 4], score: 0.5 },
      { image_id: 20022550001, bbox: [5, 6, 7, 8], score: 0.5 },
    ])); // prettier-ignore
    expect(boxes.forVideo('000342_mpii_test').boxesOf({ index: 7, name: '000007.jpg' })[0].box.x).toBe(1);
    expect(boxes.forVideo('002255_bonn_test').boxesOf({ index: 1, name: '000001.jpg' })[0].box.x).toBe(5);
    expect(() => boxes.forVideo('other')).toThrow(/no boxes for the video other/);
  });

  it('goes by image_name where entries have one, as the boxes published for PoseTrack', () => {
    const entry = { bbox: [1, 2, 3, 4], score: 0.5, category_id: 1, nframes: 40 };
    const boxes = readBoxes(file('val_boxes.json', [
      { ...entry, image_name: 'images/val/000342_mpii_test/000007.jpg', image_id: 7 },
      { ...entry, image_name: 'images/val/000522_mpii_test/000007.jpg', image_id: 7, bbox: [5, 6, 7, 8] },
      { ...entry, image_name: 'images/val/000522_mpii_test/000009.jpg', frame_id: 10005220009 },
    ])); // prettier-ignore
    expect(boxes.count).toBe(3);
    const [first, second] = ['000342_mpii_test', '000522_mpii_test'].map((name) => boxes.forVideo(name));
    expect(first.boxesOf({ index: 0, name: '000007.jpg' }).map(({ box }) => box.x)).toEqual([1]);
    expect(second.boxesOf({ index: 0, name: '000007.jpg' }).map(({ box }) => box.x)).toEqual([5]);
    expect(second.boxesOf({ index: 9, name: '9' })).toHaveLength(1); // frame 9 of a video file
    expect(first.boxesOf({ index: 9, name: '000009.jpg' })).toEqual([]);
    expect(() => boxes.forVideo('other')).toThrow(/no boxes for the video other/);
  });

  it('takes file names from a list of images', () => {
    const document = {
      images: [
        { id: 1, file_name: 'walk/a.png' },
        { id: 2, file_name: 'walk/b.png' },
        { id: 3, file_name: 'run/a.png' },
      ],
      annotations: [{ image_id: 2, bbox: [1, 2, 3, 4], score: 0.5 }],
    };
    const boxes = readBoxes(file('d.json', document));
    expect(boxes.forVideo('walk').boxesOf({ index: 0, name: 'b.jpg' })).toHaveLength(1);
    expect(boxes.forVideo('walk').boxesOf({ index: 1, name: '1' })).toHaveLength(1);
    expect(boxes.forVideo('run').boxesOf({ index: 0, name: 'a.jpg' })).toEqual([]);
    document.annotations[0].image_id = 9;
    expect(() => readBoxes(file('e.json', document))).toThrow(/image_id 9 is not among the images/);
  });

  it('counts boxes that Python wrote as NaN', () => {
    const boxes = readBoxes(file('nan.json', '[{"image_id": 0, "bbox": [NaN, 1, 2, 3], "score": 1}]'));
    expect(boxes.count).toBe(0);
    expect(boxes.warnings[0].count).toBe(1);
    expect(boxes.forVideo('v').boxesOf({ index: 0, name: '0' })).toEqual([]);
  });

  it('takes a folder with one file per video', () => {
    file('all/walk.json', [{ image_id: 0, bbox: [1, 2, 3, 4], score: 0.5 }]);
    file('all/run.txt', '1,1,1,1,9,9,1\n');
    const boxes = readBoxes(path.join(dir, 'all'));
    expect(boxes.forVideo('walk').boxesOf({ index: 0, name: '0' })[0].box.width).toBe(3);
    expect(boxes.forVideo('run').boxesOf({ index: 0, name: '0' })[0].box.width).toBe(9);
  });

  it('refuses what it does not know', () => {
    expect(() => readBoxes(path.join(dir, 'none.json'))).toThrow(/none\.json cannot be read/);
    expect(() => readBoxes(file('o.json', { a: 1 }))).toThrow(/holds no boxes that glpose knows/);
    expect(() => readBoxes(file('l.json', [3]))).toThrow(/l\.json, entry 0 is 3/);
  });
});

describe('PoseTrack annotations', () => {
  it('encloses the joints of PoseTrack17, which has no boxes, enlarged by 30 %', () => {
    const point = (id: number, x: number, y: number): unknown => ({ id: [id], x: [x], y: [y] });
    const frame = {
      image: [{ name: 'images/v/00000005.jpg' }],
      annorect: [{ track_id: [3], annopoints: [{ point: [point(0, 10, 100), point(14, 30, 0)] }] }],
    };
    const video = readBoxes(file('v.json', { annolist: [frame] })).forVideo('v');
    const [box] = video.boxesOf({ index: 0, name: '00000005.jpg' });
    expect(box).toEqual({ box: { x: 7, y: -15, width: 26, height: 130 }, score: 1, trackId: 3 });
    expect(video.boxesOf({ index: 4, name: '4' })).toEqual([box]); // eight digits count from 1
  });
});

describeWithShared('data/mmpose-testdata/posetrack18/annotations', 'real files', (annotations) => {
  it('reads detections by image id', () => {
    const boxes = readBoxes(path.join(annotations, 'test_posetrack18_human_detections.json'));
    expect(boxes.count).toBe(278);
    expect(boxes.forVideo('012834_mpii_test').boxesOf({ index: 0, name: '000000.jpg' }).length).toBeGreaterThan(10);
  });

  it('reads the boxes of annotations, tracks included', () => {
    const boxes = readBoxes(path.join(annotations, 'test_posetrack18_val.json'));
    expect(boxes.count).toBe(14);
    const [first] = boxes.forVideo('003418_mpii_test').boxesOf({ index: 0, name: '000000.jpg' });
    expect(first).toEqual({ box: { x: 214.25, y: 15, width: 1358.5, height: 1092 }, score: 1, trackId: 0 });
  });
});
