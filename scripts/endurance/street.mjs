/*
 * A generated street for runs that are long rather than hard: red figures walk through it from the left to the right, on lanes that
 * do not touch, and a bundle of tiny networks that finds exactly them. Decoder, tracker, feature maps, head and writers do the
 * work that they do on real footage, at thousands of times the speed of a real net; the poses mean nothing.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { COCO_JOINTS, POSETRACK17_JOINTS } from '../../dist/src/joints.js';
import { checkConfig, headShape } from '../../dist/src/bundle/bundle.js';
import { OnnxBuilder } from '../../dist/src/onnx/onnx-builder.js';
import { randomHead } from '../../dist/src/models/random-head.js';
import { formatSafetensors } from '../../dist/src/bundle/safetensors.js';
import { mulberry32 } from '../../dist/src/estimation/candidates.js';

/** Of a figure, in pixels. */
export const FIGURE = { width: 16, height: 40 };
const FPS = 30;

/** @returns the figures of one lane: when each comes in, in frames, and how far it walks in one */
function walkersOf(lane, frames, width) {
  const random = mulberry32(lane + 1);
  const walkers = [];
  let from = Math.floor(90 * random());
  while (from < frames) {
    const speed = 1 + Math.floor(3 * random());
    const until = from + Math.ceil((width + FIGURE.width) / speed);
    walkers.push({ from, until, speed });
    from = until + 15 + Math.floor(105 * random());
  }
  return walkers;
}

/**
 * Writes a video of a street with so many lanes.
 * @returns how many figures walked far enough to be seen, and the most in one frame
 */
export async function writeStreet(file, { frames, width = 192, lanes = 2 }) {
  const pitch = 64;
  const height = lanes * pitch;
  const walkers = Array.from({ length: lanes }, (_, lane) => walkersOf(lane, frames, width));
  const raw = ['-f', 'rawvideo', '-pix_fmt', 'rgb24', '-s', `${width}x${height}`, '-r', String(FPS), '-i', '-'];
  const code = ['-c:v', 'libx264', '-preset', 'ultrafast', '-crf', '18', '-pix_fmt', 'yuv420p'];
  const ffmpeg = spawn('ffmpeg', ['-v', 'error', '-y', ...raw, ...code, file], {
    stdio: ['pipe', 'inherit', 'inherit'],
  });
  const ended = once(ffmpeg, 'close');
  let most = 0;
  for (let frame = 0; frame < frames; frame++) {
    const pixels = Buffer.alloc(width * height * 3);
    for (let y = 0; y < height; y++) pixels.fill(60 + ((frame + y) % 128), 3 * y * width, 3 * (y + 1) * width);
    let here = 0;
    walkers.forEach((lane, place) => {
      const walker = lane.find(({ from, until }) => frame >= from && frame < until);
      if (!walker) return;
      here++;
      const left = (frame - walker.from) * walker.speed - FIGURE.width;
      const [x0, x1] = [Math.max(0, left), Math.min(width, left + FIGURE.width)];
      for (let y = 0; y < FIGURE.height; y++) {
        const row = (place * pitch + (pitch - FIGURE.height) / 2 + y) * width;
        for (let x = x0; x < x1; x++) pixels.set([230, 30, 60], 3 * (row + x));
      }
    });
    most = Math.max(most, here);
    if (!ffmpeg.stdin.write(pixels)) await once(ffmpeg.stdin, 'drain');
  }
  ffmpeg.stdin.end();
  const [status] = await ended;
  if (status !== 0) throw new Error(`ffmpeg ended with ${status}`);
  const seen = ({ from, speed }) => (Math.min(frames, from + 60) - from) * speed >= FIGURE.width;
  return { people: walkers.flat().filter(seen).length, most, width, height };
}

/**
 * Writes the bundle for frames of this size.
 * @param dir the folder; made where it does not exist
 */
export function writeStreetBundle(dir, { width = 192, height = 128 } = {}) {
  const [w, h] = [width / 2, height / 2]; // the detector sees frames at half their size
  mkdirSync(dir, { recursive: true });
  const config = {
    format: 1,
    name: 'street',
    description: 'Generated: finds red figures; its poses mean nothing',
    license: 'Apache-2.0',
    extractor: {
      file: 'extractor.onnx',
      input: { name: 'image', width: 48, height: 64, mean: [128, 128, 128], std: [64, 64, 64] },
      features: { output: 'features', channels: 8, width: 12, height: 16 },
      ownPose: {
        kind: 'heatmaps',
        file: 'extractor.onnx',
        output: 'heatmaps',
        joints: [...COCO_JOINTS],
        decode: 'quarter',
      },
    },
    detector: { kind: 'yolov8', file: 'detector.onnx', input: { width: w, height: h }, classes: 1, nms: 0.2 },
    head: {
      file: 'head.safetensors',
      trained: false,
      blockWidth: 8,
      joints: [...POSETRACK17_JOINTS],
      k: 2,
      n: 2,
      m: 6,
      reuse: 'warp',
    },
  };
  writeFileSync(path.join(dir, 'config.json'), JSON.stringify(config, null, 2));
  writeFileSync(path.join(dir, 'detector.onnx'), detector(w, h));
  writeFileSync(path.join(dir, 'extractor.onnx'), extractor());
  const head = randomHead(headShape(checkConfig(config, dir)), 1);
  writeFileSync(path.join(dir, 'head.safetensors'), formatSafetensors(head, 'F16', { trained: 'false' }));
}

/** The score of a place is the square of the share of red in a figure's box about it. */
function detector(width, height) {
  const graph = new OnnxBuilder();
  graph.input('images', [1, 3, height, width]);
  const red = graph.node('Conv', ['images', graph.float32('colour', [1, 3, 1, 1], [1, -1, 0])], 'difference');
  graph.node('Relu', [red], 'red');
  const [boxWidth, boxHeight] = [FIGURE.width / 2, FIGURE.height / 2];
  const pads = [boxHeight / 2 - 1, boxWidth / 2 - 1, boxHeight / 2 - 1, boxWidth / 2 - 1];
  const pool = { kernel_shape: [boxHeight, boxWidth], strides: [2, 2], pads, count_include_pad: 1 };
  graph.node('AveragePool', ['red'], 'share', pool);
  graph.node('Mul', ['share', 'share'], 'score');
  const [columns, rows] = [width / 2, height / 2];
  const cells = columns * rows;
  graph.node('Reshape', ['score', graph.int64('flat', [1, 1, cells])], 'scores');
  const places = new Float32Array(4 * cells);
  for (let cell = 0; cell < cells; cell++) {
    const box = [2 * (cell % columns) + 1, 2 * Math.floor(cell / columns) + 1, boxWidth, boxHeight];
    box.forEach((value, row) => (places[row * cells + cell] = value));
  }
  graph.node('Concat', [graph.float32('boxes', [1, 4, cells], places), 'scores'], 'output0', { axis: 1 });
  graph.output('output0', [1, 5, cells]);
  return graph.build('street detector', 'finds red figures');
}

/** One convolution of stride 4, and one of 1×1 for the heat maps. */
function extractor() {
  const random = mulberry32(5);
  const weights = (count) => Float32Array.from({ length: count }, () => random() - 0.5);
  const graph = new OnnxBuilder();
  graph.input('image', ['n', 3, 64, 48]);
  const first = graph.float32('w1', [8, 3, 4, 4], weights(8 * 3 * 16));
  graph.node('Conv', ['image', first], 'sums', { kernel_shape: [4, 4], strides: [4, 4] });
  graph.node('Relu', ['sums'], 'features');
  graph.node('Conv', ['features', graph.float32('w2', [17, 8, 1, 1], weights(17 * 8))], 'heatmaps');
  graph.output('features', ['n', 8, 16, 12]);
  graph.output('heatmaps', ['n', 17, 16, 12]);
  return graph.build('street extractor', 'arbitrary weights');
}
