/* Writes the sound inputs of the corpus: node dist/test/fuzz/make-seeds.js. Needs ffmpeg for the videos. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { deflateSync } from 'node:zlib';
import sharp, { type Sharp } from 'sharp';
import { Random } from '../../src/features/random.js';
import { writeCoco, writeCocoResults } from '../../src/formats/coco-results.js';
import { writeMot } from '../../src/formats/mot.js';
import { writePoseTrack17 } from '../../src/formats/posetrack17-writer.js';
import { writePoseTrack18 } from '../../src/formats/posetrack18.js';
import { POSETRACK17_JOINTS } from '../../src/joints.js';
import { headTensorShapes } from '../../src/bundle/head-tensors.js';
import { OnnxBuilder } from '../../src/onnx/onnx-builder.js';
import { randomHead } from '../../src/models/random-head.js';
import { formatSafetensors } from '../../src/bundle/safetensors.js';
import { twoPeople } from '../formats/two-people.js';
import { ROOT } from '../shared-data.js';
import { CORPUS } from './fuzzer.js';
import { SMALL_HEAD } from './targets.js';

function put(target: string, name: string, content: Buffer | string | object): void {
  const folder = path.join(CORPUS, target);
  mkdirSync(folder, { recursive: true });
  const isText = typeof content === 'string' || Buffer.isBuffer(content);
  writeFileSync(path.join(folder, `sound-${name}`), isText ? content : JSON.stringify(content));
}

const config = JSON.parse(readFileSync(path.join(ROOT, 'models/glpose-movenet/config.json'), 'utf8')) as {
  extractor: { features: Record<string, unknown> };
  detector: object;
};
delete config.extractor.features.mean;
delete config.extractor.features.std;
put('bundle-config', 'movenet.json', config);
put('detector-config', 'movenet.json', config.detector);
put('detector-config', 'yolov8.json', { kind: 'yolov8', file: 'd.onnx' });
put('detector-config', 'yolox.json', { kind: 'yolox', file: 'd.onnx', classes: 3, person: 1, strides: [8, 16] });

put('safetensors', 'f32.safetensors', formatSafetensors(randomHead(SMALL_HEAD, 1), 'F32', { trained: 'false' }));
const few = new Map([...randomHead(SMALL_HEAD, 2)].slice(0, 2));
put('safetensors', 'f16.safetensors', formatSafetensors(few, 'F16', { a: 'b' }));
put('safetensors', 'empty.safetensors', formatSafetensors(new Map(), 'F16'));
if (headTensorShapes(SMALL_HEAD).size === 0) throw new Error('a head without tensors');

put('onnx', 'bn.onnx', batchNormNet());
put('onnx', 'quantisable.onnx', plainNet(13));
put('onnx', 'opset-9.onnx', plainNet(9));
put('onnx', 'layers.onnx', layersNet());

put('tfjs', 'net.json', tfjsNet());

const people = twoPeople();
for (const target of ['poses', 'boxes', 'results', 'training']) {
  put(target, 'posetrack18.json', writePoseTrack18(people));
  put(target, 'posetrack17.json', writePoseTrack17(people));
  put(target, 'coco.json', writeCoco(people));
}
put('poses', 'coco-results.json', [...writeCocoResults(people)]);
put('boxes', 'coco-results.json', [...writeCocoResults(people)]);
put('poses', 'posetrack21.json', posetrack21());
put('region', 'lane.json', [
  [10, 20],
  [600, 24.5],
  [590, 460],
  [-5, 455],
]);
put('mot', 'tracks.txt', [...writeMot(people)].join(''));
put('mot', 'truth.txt', '1,1,10,20,30,40,1,1,0.9\n2,1,11,21,30,40,0,3,0.5\n3,2,1,1,5,5,1,7,1\n');

const clip = { video: 'clips/clip.avi', split: 'test', joints: [joints(4), joints(5)] };
const names = ['neck', 'belly', 'r_knee', 'l_knee'];
const index = { joint_names: names, clips: [clip, { ...clip, video: 'b.avi', split: 'train' }] };
put('jhmdb-json', 'index.json', index);
put('jhmdb-json', 'coco.json', writeCoco(people));
put('training', 'clips.json', index);
put('training', 'photos.json', { joint_names: names, images: [{ image: 'a.jpg', joints: joints(4).map(([x, y]) => [x, y, 1]) }] }); // prettier-ignore
put('jhmdb-splits', 'split.txt', 'clip.avi 2\nother_clip.avi 1\n');
const places = Array.from({ length: 60 }, (_, i) => i + 1);
for (const target of ['mat5', 'jhmdb-mat']) {
  put(target, 'plain.mat', matFile([['pos_img', [2, 15, 2], places, 9], ['part_mask', [3, 2, 2], [0, 1, 0, 0, 0, 0, 1, 1, 1, 0, 0, 0], 2]], false)); // prettier-ignore
  put(target, 'packed.mat', matFile([['pos_img', [2, 15, 2], places, 9], ['part_mask', [3, 2, 2], [0, 1, 0, 0, 0, 0, 1, 1, 1, 0, 0, 0], 2]], true)); // prettier-ignore
}
put('run-record', 'run.json', {
  glpose: '0.1.0',
  model: { name: 'm', sha256: '00', method: 'glpose' },
  options: { model: 'm', boxes: 'b.json', minScore: 0.1, seed: 1, every: 1, reuse: 'exact', smooth: false },
  videos: [{ name: 'clip', path: 'clip.mp4' }],
});

const pixels = Buffer.from(Array.from({ length: 12 * 10 * 3 }, (_, i) => (i * 37) % 256));
const image = (): Sharp => sharp(pixels, { raw: { width: 12, height: 10, channels: 3 } });
put('image', 'a.png', await image().png().toBuffer());
put('image', 'b.png', await image().png({ palette: true, progressive: true }).toBuffer());
put('image', 'a.jpg', await image().jpeg().withMetadata({ orientation: 6 }).toBuffer());
put('image', 'a.webp', await image().webp().toBuffer());
put('image', 'a.tif', await image().tiff({ compression: 'lzw' }).toBuffer());
put('image', 'a.avif', await image().avif({ effort: 0 }).toBuffer());

for (const [name, codec] of Object.entries({
  'h264.mp4': 'libx264',
  'mpeg4.avi': 'mpeg4',
  'vp8.webm': 'libvpx',
  'mpeg2.mpg': 'mpeg2video',
})) {
  const file = path.join(CORPUS, 'video', `sound-${name}`);
  mkdirSync(path.dirname(file), { recursive: true });
  const source = 'testsrc=size=64x48:rate=5:duration=1';
  execFileSync('ffmpeg', [
    '-v',
    'error',
    '-y',
    '-f',
    'lavfi',
    '-i',
    source,
    '-c:v',
    codec,
    '-bitexact',
    '-b:v',
    '40k',
    '-pix_fmt',
    'yuv420p',
    file,
  ]);
}

function joints(count: number): [number, number][] {
  return POSETRACK17_JOINTS.slice(0, 4).map((_, i) => [count * 10 + i, 20 + i]);
}

function posetrack21(): object {
  const document = writePoseTrack18(people);
  const annotations = document.annotations.map((annotation) => ({ ...annotation, person_id: annotation.track_id, bbox_head: [1, 2, 30, 40] })); // prettier-ignore
  const images = document.images.map((image) => ({
    ...image,
    ignore_regions_x: [[0, 50, 50]],
    ignore_regions_y: [[0, 0, 50]],
  }));
  return { ...document, images, annotations };
}

function values(count: number): Float32Array {
  const random = new Random('seeds', count);
  return Float32Array.from({ length: count }, () => random.uniform(-1, 1));
}

function batchNormNet(): Buffer {
  const onnx = new OnnxBuilder();
  onnx.input('image', ['N', 3, 8, 6]);
  onnx.float16('w', [2, 3, 3, 3], values(54));
  const statistics = ['g', 'b', 'm', 'v'].map((name) => onnx.float32(name, [2], [1, 2]));
  onnx.node('Conv', ['image', 'w'], 'c', { kernel_shape: [3, 3], pads: [1, 1, 1, 1], group: 1 });
  onnx.node('BatchNormalization', ['c', ...statistics], 'n', { epsilon: { float: 1e-4 } });
  onnx.node('Identity', ['n'], 'i');
  onnx.node('Relu', ['i'], 'out');
  onnx.output('out', ['N', 2, 8, 6]);
  return onnx.build('net', 'a net');
}

/** What the addon has a layer for and the other nets lack. */
function layersNet(): Buffer {
  const onnx = new OnnxBuilder();
  onnx.input('image', [1, 3, 8, 6]);
  onnx.float32('w', [2, 3, 7, 7], values(294));
  onnx.node('Conv', ['image', 'w'], 'stem', { strides: [2, 2], auto_pad: 'SAME_UPPER' });
  onnx.float32('d', [2, 1, 3, 3], values(18));
  onnx.node('Conv', ['stem', 'd'], 'deep', { group: 2, pads: [1, 1, 1, 1] });
  onnx.node('Sigmoid', ['deep'], 'gate');
  onnx.node('Mul', ['stem', 'gate'], 'gated');
  onnx.node('MaxPool', ['gated'], 'max', { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] });
  onnx.float32('scales', [4], [1, 1, 2, 1.5]);
  onnx.node('Resize', ['max', '', 'scales'], 'up', {
    mode: 'linear',
    coordinate_transformation_mode: 'half_pixel',
  });
  onnx.node('Concat', ['up', 'stem'], 'joined', { axis: 1 });
  onnx.node('GlobalAveragePool', ['joined'], 'mean');
  onnx.output('mean', [1, 4, 1, 1]);
  return onnx.build('net', '');
}

/** Convolutions, a sum, clipping and resizing; the last tensor is an output. */
function plainNet(opset: number): Buffer {
  const onnx = new OnnxBuilder(opset);
  onnx.input('image', [1, 3, 8, 6]);
  const conv = (name: string, x: string, from: number): string => {
    onnx.float32(`${name}.w`, [2, from, 1, 1], values(2 * from));
    onnx.float32(`${name}.b`, [2], [0.5, -0.5]);
    return onnx.node('Conv', [x, `${name}.w`, `${name}.b`], name, { kernel_shape: [1, 1] });
  };
  const first = onnx.node('Relu', [conv('a', 'image', 3)], 'a.relu');
  const sum = onnx.node('Add', [conv('b', first, 2), conv('c', first, 2)], 'sum');
  const scales = onnx.float32('scales', [4], [1, 1, 2, 2]);
  const resized =
    opset < 11
      ? onnx.node('Upsample', [sum, scales], 'up', { mode: 'nearest' })
      : onnx.node('Resize', [sum, '', scales], 'up', { mode: 'nearest' });
  const clipped =
    opset < 11
      ? onnx.node('Clip', [resized], 'clip', { min: { float: 0 }, max: { float: 6 } })
      : onnx.node('Clip', [resized, onnx.float32('zero', [], [0]), onnx.float32('six', [], [6])], 'clip');
  conv('last', onnx.node('Relu', [conv('d', clipped, 2)], 'd.relu'), 2);
  onnx.output('last', [1, 2, 16, 12]);
  return onnx.build('net', '');
}

function tfjsNet(): object {
  const text = (value: string): object => ({ s: Buffer.from(value).toString('base64') });
  const conv = (name: string, op: string, input: string[], fused: string[]): object => ({
    name,
    op,
    input,
    attr: {
      strides: { list: { i: ['1', '1', '1', '1'] } },
      dilations: { list: { i: ['1', '1', '1', '1'] } },
      padding: text('SAME'),
      ...(fused.length > 0
        ? { fused_ops: { list: { s: fused.map((value) => Buffer.from(value).toString('base64')) } } }
        : {}),
    },
  });
  const weight = (name: string, shape: number[]): object => ({
    name,
    shape,
    dtype: 'float32',
    quantization: { dtype: 'float16' },
  });
  return {
    format: 'graph-model',
    modelTopology: {
      node: [
        { name: 'image', op: 'Placeholder' },
        conv('a', '_FusedConv2D', ['image', 'a/k', 'a/b'], ['BiasAdd', 'Relu6']),
        conv('b', 'DepthwiseConv2dNative', ['a', 'b/k'], []),
      ],
    },
    weightsManifest: [
      {
        paths: ['weights.bin'],
        weights: [weight('a/k', [3, 3, 3, 4]), weight('a/b', [4]), weight('b/k', [3, 3, 4, 1])],
      },
    ],
  };
}

/** A MAT-file of arrays: name, sizes, values and their type. */
function matFile(
  arrays: [name: string, dimensions: number[], values: number[], type: 2 | 9][],
  compressed: boolean,
): Buffer {
  const element = (type: number, data: Buffer): Buffer => {
    const tag = Buffer.alloc(8);
    tag.writeUInt32LE(type, 0);
    tag.writeUInt32LE(data.length, 4);
    return Buffer.concat([tag, data, Buffer.alloc((8 - (data.length % 8)) % 8)]);
  };
  const header = Buffer.alloc(128, ' ');
  header.writeUInt16LE(0x0100, 124);
  header.write('IM', 126);
  const parts = arrays.map(([name, dimensions, numbers, type]) => {
    const flags = Buffer.alloc(8);
    flags.writeUInt32LE(type === 9 ? 6 : 9, 0);
    const data = type === 9 ? Buffer.from(Float64Array.from(numbers).buffer) : Buffer.from(numbers);
    const shape = Buffer.from(Int32Array.from(dimensions).buffer);
    const matrix = element(14, Buffer.concat([element(6, flags), element(5, shape), element(1, Buffer.from(name)), element(type, data)])); // prettier-ignore
    if (!compressed) return matrix;
    const packed = deflateSync(matrix);
    const tag = Buffer.alloc(8);
    tag.writeUInt32LE(15, 0);
    tag.writeUInt32LE(packed.length, 4);
    return Buffer.concat([tag, packed]);
  });
  return Buffer.concat([header, ...parts]);
}
