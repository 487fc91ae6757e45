/* Attacks by files that a fuzzer does not come upon: bombs, paths, prototypes, markup, formulas. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { deflateSync } from 'node:zlib';
import { parseHTML } from 'linkedom';
import sharp from 'sharp';
import { escapeControlCharacters } from '../src/cli/escape-control-characters.js';
import { GlposeError } from '../src/errors.js';
import { METRICS } from '../src/evaluation/metrics.js';
import { buildReport } from '../src/evaluation/report/report.js';
import { readBoxes } from '../src/formats/boxes.js';
import { writeCsv } from '../src/formats/csv.js';
import { readJhmdb } from '../src/formats/jhmdb.js';
import { parseJson } from '../src/formats/json-file.js';
import { readMat5 } from '../src/formats/mat5.js';
import { readPoseFiles } from '../src/formats/read-poses.js';
import { Warnings } from '../src/formats/warnings.js';
import { writeResults } from '../src/formats/results.js';
import { checkConfig } from '../src/bundle/bundle.js';
import { OnnxBuilder } from '../src/onnx/onnx-builder.js';
import { parseOnnx } from '../src/onnx/onnx-model.js';
import { parseSafetensors } from '../src/bundle/safetensors.js';
import { OnnxGraph } from '../src/onnx/graph.js';
import { simplify } from '../src/onnx/simplify.js';
import { openFrames } from '../src/media/frames.js';
import type { ImageFolder } from '../src/media/inputs.js';
import { columnsOf } from '../src/view/view.js';
import { readResults } from '../src/view/results.js';
import { asFolder } from './formats/two-people.js';
import { ROOT } from './shared-data.js';

let dir: string;
beforeEach(() => void (dir = mkdtempSync(path.join(os.tmpdir(), 'glpose-security-'))));
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const folderOf = (...files: string[]): ImageFolder => ({ kind: 'images', path: at('frames'), name: 'frames', files });
const at = (...parts: string[]): string => path.join(dir, ...parts);
function put(name: string, content: Buffer | string | object): string {
  mkdirSync(path.dirname(at(name)), { recursive: true });
  const isText = typeof content === 'string' || Buffer.isBuffer(content);
  writeFileSync(at(name), isText ? content : JSON.stringify(content));
  return at(name);
}

/** What `body` throws; it must be an error for users, and come at once. */
async function refusal(body: () => unknown): Promise<GlposeError> {
  const cpu = process.cpuUsage();
  try {
    await body();
  } catch (thrown) {
    const { user, system } = process.cpuUsage(cpu);
    expect((user + system) / 1e6).toBeLessThan(20);
    expect(thrown).toBeInstanceOf(GlposeError);
    return thrown as GlposeError;
  }
  throw new Error('expected it to be refused');
}

describe('bombs', () => {
  test.each([
    ['a PNG that claims 30,000 × 30,000 pixels', 30_000, '30000×30000 pixels'],
    ['a PNG that claims 12,000 × 12,000 pixels, each side of which is allowed', 12_000, '12000×12000 pixels'],
  ])('%s', async (_, side, problem) => {
    const bytes = await sharp({ create: { width: 1, height: 1, channels: 3, background: 'red' } }).png().toBuffer(); // prettier-ignore
    bytes.writeUInt32BE(side, 16);
    bytes.writeUInt32BE(side, 20);
    put('frames/0.png', withHeaderChecksum(bytes));
    expect((await refusal(() => openFrames(folderOf('0.png')))).message).toContain(problem);
  });

  test('a drawing (SVG) under the name of a picture is not rendered', async () => {
    put(
      'frames/0.png',
      '<svg xmlns="http://www.w3.org/2000/svg" width="10" height="10"><rect width="9" height="9"/></svg>',
    );
    expect((await refusal(() => openFrames(folderOf('0.png')))).message).toContain('no JPEG, PNG, WebP, TIFF or AVIF');
  });

  test('a compressed MAT-file element that inflates a thousandfold, and many that stay below any limit of one', async () => {
    const packed = deflateSync(Buffer.alloc(1 << 26), { level: 1 });
    expect((await refusal(() => readMat5(matFile([packed]), 'bomb.mat'))).message).toContain('bomb.mat is damaged');
    const element = Buffer.alloc(8 + (20 << 20));
    element.writeUInt32LE(14, 0);
    element.writeUInt32LE(20 << 20, 4);
    const many = matFile(Array<Buffer>(5).fill(deflateSync(element, { level: 1 })));
    await refusal(() => readMat5(many, 'bombs.mat'));
  });

  test('a network whose few weights are used by hundreds of operators', async () => {
    const onnx = new OnnxBuilder();
    onnx.input('x', [1, 128, 8, 8]);
    onnx.float32('w', [128, 128, 3, 3], new Float32Array(128 * 128 * 9));
    for (const name of ['g', 'b', 'm', 'v']) onnx.float32(name, [128], new Float32Array(128).fill(1));
    let last = 'x';
    for (let i = 0; i < 200; i++) {
      onnx.node('Conv', [last, 'w'], `c${i}`, { pads: [1, 1, 1, 1] });
      last = onnx.node('BatchNormalization', [`c${i}`, 'g', 'b', 'm', 'v'], `n${i}`);
    }
    onnx.output(last, [1, 128, 8, 8]);
    const graph = new OnnxGraph(parseOnnx(onnx.build('net', ''), 'shared.onnx'));
    expect((await refusal(() => simplify(graph))).message).toContain('shared.onnx: its weights are used so often');
  });

  test('a bundle of a few lines that asks for gigabytes', async () => {
    const side = 8192;
    const config = {
      extractor: { input: { width: side, height: side }, features: { channels: 4096, width: side, height: side } },
    };
    await refusal(() => checkConfig(config, 'config.json'));
  });

  test('JSON of a million brackets, and quotes that are all escaped', async () => {
    expect((await refusal(() => parseJson('['.repeat(1e6), 'deep.json'))).message).toContain('deep.json');
    expect((await refusal(() => parseJson(`NaN "${'\\"'.repeat(1e6)}`, 'quotes.json'))).message).toContain(
      'quotes.json',
    );
  });

  test('a header of safetensors that is one long name', async () => {
    const header = Buffer.from(`{"${'x'.repeat(4e6)}": {"dtype": "F32", "shape": [1], "data_offsets": [0, 8]}}`);
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(header.length));
    await refusal(() => parseSafetensors(Buffer.concat([length, header, Buffer.alloc(8)]), 'long.safetensors'));
  });

  test('clips of JHMDB with masks of no height but a billion columns', async () => {
    put(
      'joint_positions/run/c/joint_positions.mat',
      matFile([], [['pos_img', [2, 15, 1], new Array<number>(30).fill(1)]]),
    );
    put('puppet_mask/run/c/puppet_mask.mat', matFile([], [['part_mask', [0, 1e9, 1], []]]));
    put('sub_splits/run_test_split_1.txt', 'c.avi 2\n');
    const split = readJhmdb(dir, new Warnings()); // no pixels, whatever the width
    expect(split[0].clips[0].frames[0].people[0].box).toEqual({ x: 0, y: 0, width: 0, height: 0 });
  });
});

describe('paths', () => {
  test('a report shows no picture from outside the folder of frames, whatever annotations call it and wherever links lead', async () => {
    const secret = await sharp({ create: { width: 8, height: 8, channels: 3, background: 'red' } }).png().toBuffer(); // prettier-ignore
    put('secret.png', secret);
    mkdirSync(at('frames'));
    symlinkSync(at('secret.png'), at('frames/link.png'));
    for (const name of [
      '../secret.png',
      '..\\secret.png',
      'a/../../secret.png',
      at('secret.png'),
      'link.png',
      '..',
      '/',
    ]) {
      expect(await reportOn(name, at('frames'))).not.toContain('data:image');
    }
    put('frames/inside.png', secret);
    expect(await reportOn('x/inside.png', at('frames'))).toContain('data:image/jpeg');
  });

  test('split lists of JHMDB name clips, not paths', async () => {
    for (const clip of ['../../etc', '..', 'a/b', 'a\\b']) {
      put('sub_splits/run_test_split_1.txt', `${clip}.avi 2\n`);
      mkdirSync(at('joint_positions'), { recursive: true });
      expect((await refusal(() => readJhmdb(dir, new Warnings()))).message).toContain('is a path');
    }
  });

  test('bundles name files beside their config only', async () => {
    for (const file of ['../x.onnx', '/etc/passwd', 'a/b.onnx', '..', '.hidden']) {
      expect((await refusal(() => checkConfig({ head: { file }, extractor: { file } }, 'config.json'))).message).toContain('plain file name'); // prettier-ignore
    }
  });

  test('results of frames with hostile names stay in their folder', async () => {
    const video = asFolder(['..\\..\\x.jpg', '=x.jpg', '\u202egpj.jpg']);
    for (const format of ['openpose', 'csv', 'posetrack18', 'coco', 'mot'] as const)
      await writeResults(video, format, at('out'));
    expect(readdirSync(dir)).toEqual(['out']);
    for (const file of readdirSync(at('out'), { recursive: true, encoding: 'utf8' }))
      expect(existsSync(at('out', file))).toBe(true);
  });
});

test('members called __proto__ and constructor change nothing but their own document', async () => {
  const evil = '"__proto__": {"polluted": 1}, "constructor": {"prototype": {"polluted": 1}}';
  const image = `{${evil}, "id": 0, "file_name": "__proto__/0.jpg"}`;
  const annotation = `{${evil}, "image_id": 0, "keypoints": [1, 1, 2], "bbox": [0, 0, 5, 5], "category_id": 1}`;
  const category = `{${evil}, "id": 1, "keypoints": ["__proto__"]}`;
  const file = put(
    'x.json',
    `{${evil}, "images": [${image}], "annotations": [${annotation}], "categories": [${category}]}`,
  );
  const [sequence] = readPoseFiles(file, { role: 'annotations', warnings: new Warnings() });
  expect(sequence).toMatchObject({ name: '__proto__', joints: ['__proto__'] });
  expect(readBoxes(file).forVideo('__proto__').boxesOf({ index: 0, name: '0.jpg' })).toHaveLength(1);
  const [shown] = readResults(file);
  columnsOf(shown, { width: 10, height: 10 });
  METRICS['coco-oks'].prepare(file, { allowMissing: true })(file);
  await refusal(() => checkConfig(JSON.parse(`{${evil}}`), 'config.json'));
  expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  expect(Object.keys(Object.prototype)).toEqual([]);
});

test('names of frames, sequences and runs are text in a report, not markup', async () => {
  const name = `<script>alert(1)</script><img src=x onerror=alert(1)>"'`;
  const report = await reportOn(`${name.replaceAll('/', '∕')}/0.jpg`, undefined, name);
  const { document } = parseHTML(report);
  expect(document.querySelectorAll('script, img, [onerror]')).toHaveLength(0);
  expect(document.querySelector('title')!.textContent).toContain(name);
});

test('a frame’s name is no formula in a table', () => {
  for (const name of ['=cmd.jpg', '+1.jpg', '-1.jpg', '@SUM.jpg', '\tx.jpg']) {
    const [, row] = [...writeCsv(asFolder([name, 'b.jpg', 'c.jpg']))];
    expect(row.split(',')[1]).toBe(`./${name}`);
  }
  const [, plain] = [...writeCsv(asFolder(['a=b.jpg', 'b.jpg', 'c.jpg']))];
  expect(plain.split(',')[1]).toBe('a=b.jpg');
});

test('names cannot steer a terminal', () => {
  expect(escapeControlCharacters('a\x1b]0;title\x07b\x9b2J\u202ec\td\n')).toBe(
    'a\\u001b]0;title\\u0007b\\u009b2J\\u202ec\td\n',
  );
  expect(escapeControlCharacters('naïve “größe” 人 {"a": "\\u001b"}\n')).toBe('naïve “größe” 人 {"a": "\\u001b"}\n');
});

/** The HTML of a report on one frame of that name, in which every joint is wrong. */
async function reportOn(frame: string, frames: string | undefined, run = 'run'): Promise<string> {
  const point = (id: number, x: number): object => ({ id: [id], x: [x], y: [x], score: [0.9] });
  const person = (x: number): object => ({ x1: [0], y1: [0], x2: [4], y2: [4], track_id: [0], annopoints: [{ point: [point(0, x), point(1, x + 3)] }] }); // prettier-ignore
  const document = (x: number): object => ({ annolist: [{ image: [{ name: frame }], annorect: [person(x)] }] });
  const [truth, found] = [put('truth/a.json', document(2)), put('found/a.json', document(90))];
  const evaluation = METRICS['posetrack-ap'].prepare(truth, { allowMissing: true })(found);
  return buildReport({
    title: 'AP',
    metric: 'posetrack-ap',
    annotations: run,
    runs: [{ name: run, evaluation }],
    frames,
  });
}

/** A PNG whose header was changed, with the checksum that belongs to it. */
function withHeaderChecksum(png: Buffer): Buffer {
  let crc = 0xffffffff;
  for (const byte of png.subarray(12, 29)) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  png.writeUInt32BE((crc ^ 0xffffffff) >>> 0, 29);
  return png;
}

/** A MAT-file of compressed elements, and of arrays of doubles. */
function matFile(packed: Buffer[], arrays: [name: string, dimensions: number[], values: number[]][] = []): Buffer {
  const header = Buffer.alloc(128, ' ');
  header.writeUInt16LE(0x0100, 124);
  header.write('IM', 126);
  const tagged = (type: number, data: Buffer, padded = true): Buffer => {
    const tag = Buffer.alloc(8);
    tag.writeUInt32LE(type, 0);
    tag.writeUInt32LE(data.length, 4);
    return Buffer.concat([tag, data, Buffer.alloc(padded ? (8 - (data.length % 8)) % 8 : 0)]);
  };
  const matrices = arrays.map(([name, dimensions, values]) => {
    const flags = Buffer.from([6, 0, 0, 0, 0, 0, 0, 0]); // class double
    const shape = Buffer.from(Int32Array.from(dimensions).buffer);
    const data = Buffer.from(Float64Array.from(values).buffer);
    return tagged(
      14,
      Buffer.concat([tagged(6, flags), tagged(5, shape), tagged(1, Buffer.from(name)), tagged(9, data)]),
    );
  });
  return Buffer.concat([header, ...packed.map((bytes) => tagged(15, bytes, false)), ...matrices]);
}

test.each(['in the main thread', 'in a worker'])('ONNX Runtime does not report its use, %s', (where) => {
  // Its reports come with a log and an identity among the temporary files. It makes none where it sees a CI.
  const temporary = path.join(dir, 'temporary');
  mkdirSync(temporary);
  const load = `
    import { Model } from ${JSON.stringify(path.join(ROOT, 'dist/src/estimation/model.js'))};
    await (await Model.load('glpose-movenet', { device: 'cpu', threads: 1 })).dispose();
  `;
  writeFileSync(path.join(dir, 'load.mjs'), load);
  const inWorker = `import { Worker } from 'node:worker_threads'; new Worker(new URL('./load.mjs', import.meta.url));`;
  writeFileSync(path.join(dir, 'worker.mjs'), inWorker);
  const env: NodeJS.ProcessEnv = { ...process.env, TMPDIR: temporary };
  for (const name of ['ORT_DISABLE_TELEMETRY', 'CI', 'GITHUB_ACTIONS']) delete env[name];
  execFileSync(process.execPath, [path.join(dir, where === 'in a worker' ? 'worker.mjs' : 'load.mjs')], { env });
  expect(readdirSync(temporary)).toEqual([]);
});
