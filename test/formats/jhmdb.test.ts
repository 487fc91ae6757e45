import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { deflateSync } from 'node:zlib';
import { readJhmdb } from '../../src/formats/jhmdb.js';
import { readMat5 } from '../../src/formats/mat5.js';
import { Warnings } from '../../src/formats/warnings.js';
import { describeWithShared } from '../shared-data.js';

/** One element of a MAT-file: tag, data, padding to eight bytes. */
function element(type: number, data: Buffer): Buffer {
  const tag = Buffer.alloc(8);
  tag.writeUInt32LE(type, 0);
  tag.writeUInt32LE(data.length, 4);
  return Buffer.concat([tag, data, Buffer.alloc((8 - (data.length % 8)) % 8)]);
}

/** A MAT-file with one array of doubles. */
function matFile(name: string, dimensions: number[], values: number[], compressed = false): Buffer {
  const flags = Buffer.alloc(8);
  flags.writeUInt32LE(6, 0); // class double
  const shape = Buffer.from(Int32Array.from(dimensions).buffer);
  const numbers = Buffer.from(Float64Array.from(values).buffer);
  const parts = [element(6, flags), element(5, shape), element(1, Buffer.from(name)), element(9, numbers)];
  const matrix = element(14, Buffer.concat(parts));
  const header = Buffer.alloc(128, ' ');
  header.writeUInt16LE(0x0100, 124);
  header.write('IM', 126);
  const packed = deflateSync(matrix);
  const tag = Buffer.alloc(8);
  tag.writeUInt32LE(15, 0);
  tag.writeUInt32LE(packed.length, 4);
  return Buffer.concat([header, ...(compressed ? [tag, packed] : [matrix])]);
}

describe('MAT-files', () => {
  it.each([false, true])('reads an array, compressed: %s', (compressed) => {
    const array = readMat5(matFile('pos_img', [2, 3], [1, 2, 3, 4, 5, 6.5], compressed), 'x.mat').get('pos_img');
    expect(array!.dimensions).toEqual([2, 3]);
    expect(Array.from(array!.values)).toEqual([1, 2, 3, 4, 5, 6.5]);
  });

  it('refuses what is none and what is damaged, whatever byte it is', () => {
    expect(() => readMat5(Buffer.from('hello'), 'x.mat')).toThrow(/x\.mat is no MAT-file of level 5/);
    const whole = matFile('a', [2, 2], [1, 2, 3, 4]);
    expect(() => readMat5(whole.subarray(0, whole.length - 4), 'x.mat')).toThrow(/x\.mat is damaged/);
    const lying = Buffer.from(whole);
    lying.writeInt32LE(1_000_000, 128 + 8 + 16 + 8); // the first dimension
    expect(() => readMat5(lying, 'x.mat')).toThrow(/another size than it says/);
    const packed = matFile('a', [2, 2], [1, 2, 3, 4], true);
    packed.fill(0xff, 140, 150);
    expect(() => readMat5(packed, 'x.mat')).toThrow(/x\.mat is damaged/);
    for (let at = 128; at < whole.length; at++) {
      const broken = Buffer.from(whole);
      broken[at] ^= 0xff;
      try {
        readMat5(broken, 'x.mat');
      } catch (thrown) {
        expect(thrown).toMatchObject({ code: 'ANNOTATION' });
      }
    }
  });
});

describe('the data set’s folder', () => {
  let dir: string;
  beforeEach(() => (dir = mkdtempSync(path.join(tmpdir(), 'glpose-jhmdb-'))));
  afterEach(() => rmSync(dir, { recursive: true }));

  function put(relative: string, content: Buffer | string): void {
    mkdirSync(path.dirname(path.join(dir, relative)), { recursive: true });
    writeFileSync(path.join(dir, relative), content);
  }

  /** Two frames; joint k at (k + 1, 2k + 1), MATLAB's counting. */
  const positions = (): Buffer =>
    matFile('pos_img', [2, 15, 2], Array.from({ length: 60 }, (_, i) => (Math.floor(i / 2) % 15) * (i % 2 === 0 ? 1 : 2) + 1), true); // prettier-ignore

  function wholeSet(): void {
    put('joint_positions/golf/swing_a/joint_positions.mat', positions());
    put('joint_positions/golf/swing_b/joint_positions.mat', positions());
    const mask = new Array<number>(20 * 30 * 2).fill(0); // height 20, width 30, two frames
    mask[3 + 20 * 5] = 4; // y 3, x 5
    mask[7 + 20 * 9] = 1; // y 7, x 9
    mask[20 * 30 + 11 + 20 * 12] = 1; // second frame: y 11, x 12
    put('puppet_mask/golf/swing_a/puppet_mask.mat', matFile('part_mask', [20, 30, 2], mask, true));
    put('sub_splits/golf_test_split_1.txt', 'swing_a.avi 2\nswing_b.avi 1\n');
    put('sub_splits/golf_test_split_2.txt', 'swing_a.avi 1 \r\nswing_b.avi 2 \r\n');
  }

  it('gives the test clips of each split, pixels from 0, boxes from the puppet masks', () => {
    wholeSet();
    const warnings = new Warnings();
    const splits = readJhmdb(dir, warnings);
    expect(splits.map(({ name, clips }) => [name, clips.map((clip) => clip.name)])).toEqual([
      ['split 1', ['swing_a']],
      ['split 2', ['swing_b']],
    ]);
    const [clip] = splits[0].clips;
    expect(clip.frames.map(({ name }) => name)).toEqual(['swing_a/00001.png', 'swing_a/00002.png']);
    const [first, second] = clip.frames.map(({ people }) => people[0]);
    expect(Array.from(first.joints.slice(0, 9))).toEqual([0, 0, 1, 1, 2, 1, 2, 4, 1]);
    expect(first.box).toEqual({ x: 5, y: 3, width: 5, height: 5 });
    expect(second.box).toEqual({ x: 12, y: 11, width: 1, height: 1 });
    expect(splits[1].clips[0].frames[0].people[0].box).toEqual({ x: 0, y: 0, width: 14, height: 28 });
    expect(warnings.list()).toMatchObject([
      { text: expect.stringMatching(/without a puppet mask/) as string, count: 1 },
    ]);
  });

  it('names what is missing or wrong', () => {
    put('joint_positions/golf/swing_a/joint_positions.mat', positions());
    expect(() => readJhmdb(dir, new Warnings())).toThrow(/has no split lists/);
    wholeSet();
    put('sub_splits/golf_test_split_1.txt', 'swing_a.avi 2\nnonsense\n');
    expect(() => readJhmdb(dir, new Warnings())).toThrow(/golf_test_split_1\.txt, line 2: "nonsense"/);
    put('sub_splits/golf_test_split_1.txt', 'swing_c.avi 2\n');
    expect(() => readJhmdb(dir, new Warnings())).toThrow(/swing_c.joint_positions\.mat is missing/);
    put(
      'joint_positions/golf/swing_c/joint_positions.mat',
      matFile('pos_img', [2, 14, 1], new Array<number>(28).fill(1)),
    );
    expect(() => readJhmdb(dir, new Warnings())).toThrow(/pos_img is 2 × 14 × 1, not 2 × 15 × frames/);
  });
});

describeWithShared('data/mmpose-testdata/jhmdb/test_jhmdb_sub1.json', 'mmpose’s JSON files', (file) => {
  it('count pixels from 1 there and from 0 here', () => {
    const [{ clips }] = readJhmdb(file, new Warnings());
    expect(clips.map(({ name }) => name)).toContain('Frisbee_catch_f_cm_np1_ri_med_0');
    const [person] = clips.find(({ name }) => name === 'Frisbee_catch_f_cm_np1_ri_med_0')!.frames[0].people;
    expect(person.joints[0]).toBeCloseTo(98.851746 - 1, 10);
    expect(person.box).toEqual({ x: 78, y: 61, width: 54, height: 159 });
    expect(clips[0].joints[2]).toBe('face');
  });
});

describeWithShared('data/jhmdb/index.json', 'an index of clips', (file) => {
  it('gives the test clips', () => {
    const warnings = new Warnings();
    const [{ clips }] = readJhmdb(file, warnings);
    expect(clips).toHaveLength(79);
    expect(clips[0].joints).toHaveLength(15);
    expect(
      warnings
        .list()
        .map(({ text }) => text)
        .join(),
    ).toMatch(/other splits than "test"/);
  });
});
