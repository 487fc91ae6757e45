/*
 * Every reader of bytes that come from outside, as a function of those bytes. It must return, or throw a GlposeError that names
 * the file and the remedy.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Random } from '../../src/features/random.js';
import { COCO_JOINTS } from '../../src/joints.js';
import type { OnnxModel } from '../../src/onnx/onnx-model.js';
import { sourcesOf } from '../../src/bench/network-reference.js';
import { ROOT } from '../shared-data.js';
import type { Code } from './code.js';
import { mutateBytes } from './forms/bytes.js';
import { mutateMp4, mutatePng } from './forms/chunks.js';
import { mutateJson } from './forms/json.js';
import { mutateLines } from './forms/lines.js';
import { mutateMat5 } from './forms/mat5.js';
import { mutateProtobuf } from './forms/protobuf.js';
import { mutateSafetensors } from './forms/safetensors.js';

export interface Target {
  name: string;
  /** Makes a new input out of one that is known, and parts of another. */
  mutate(input: Buffer, random: Random, other: Buffer): Buffer;
  /** Executions of the short run. */
  short: number;
  /** @param folder where it may write the input to; names in it begin with "hostile" */
  run(input: Buffer, folder: string): void | Promise<void>;
}

/** Every error must name this, as its file is called so. */
export const HOSTILE = 'hostile';
const SOUND_MAT = path.join(ROOT, 'test', 'fuzz', 'corpus', 'mat5', 'sound-plain.mat');
/** Frames read of a video or an image. */
const FRAMES = 3;

export function targetsOf(code: Code): Target[] {
  const written = (folder: string, name: string, input: Buffer): string => {
    const file = path.join(folder, `${HOSTILE}${name}`);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, input);
    return file;
  };
  /** What a caller of checkConfig has: a document, whatever is in it. */
  const document = (input: Buffer, file: string): unknown => code.parseJson(input.toString(), file);

  return [
    {
      name: 'bundle-config',
      mutate: mutateJson,
      short: 150,
      run(input) {
        const config = code.checkConfig(document(input, 'hostile.json'), 'hostile.json');
        code.fileNames(config);
        if (config.head) code.headTensorShapes(code.headShape(config));
      },
    },
    {
      name: 'detector-config',
      mutate: mutateJson,
      short: 120,
      run: (input) => void code.checkDetectorConfig(document(input, 'hostile.json'), 'hostile.json'),
    },
    {
      name: 'safetensors',
      mutate: mutateSafetensors,
      short: 800,
      run(input) {
        const { tensors } = code.parseSafetensors(input, 'hostile.safetensors');
        if (tensors.size > 2) code.checkHeadTensors(tensors, SMALL_HEAD, 'hostile.safetensors');
      },
    },
    { name: 'onnx', mutate: mutateProtobuf, short: 120, run: (input) => cutAndQuantise(code, input) },
    {
      name: 'tfjs',
      mutate: mutateJson,
      short: 150,
      async run(input, folder) {
        writeFileSync(path.join(folder, 'weights.bin'), TFJS_WEIGHTS);
        const model = await code.readTfjsModel(written(folder, '.json', input));
        code.convertTfjs(model, TFJS_SUBGRAPH);
      },
    },
    {
      name: 'poses',
      mutate: mutateJson,
      short: 150,
      run(input) {
        const value = document(input, 'hostile.json');
        const warnings = new code.Warnings(input.length % 2 === 0);
        const read = { role: 'annotations', warnings } as const;
        const nobody = code.readPoseDocument(JSON.parse(NO_POSES.toString()), 'frames.json', read)!;
        const truth = code.readPoseDocument(value, 'hostile.json', read) ?? nobody;
        const found = code.readPoseDocument(value, 'hostile.json', {
          role: 'predictions',
          warnings,
          annotations: truth,
        });
        if (!found) return;
        refusable(code, () => code.evaluatePoseTrack(truth, found, { warnings })); // needs head boxes
        refusable(code, () => code.evaluateOks(truth, found, { warnings }));
      },
    },
    {
      name: 'boxes',
      mutate: mutateJson,
      short: 120,
      run(input, folder) {
        const boxes = code.readBoxes(written(folder, '.json', input)).forVideo('clip');
        for (let index = 0; index < FRAMES; index++) boxes.boxesOf({ index, name: `${index}.jpg` });
      },
    },
    {
      name: 'mot',
      mutate: mutateLines,
      short: 120,
      run(input, folder) {
        const boxes = code.readBoxes(written(folder, '.txt', input)).forVideo('clip');
        for (let index = 0; index < FRAMES; index++) boxes.boxesOf({ index, name: String(index) });
      },
    },
    {
      name: 'region',
      mutate: mutateJson,
      short: 150,
      run(input, folder) {
        // What a record keeps must be a region without the file.
        const region = code.parseRegion(code.regionText(written(folder, '.json', input)));
        if (region.length < 3) throw new Error('a region of fewer than three corners');
        code.isInside(region, 1, 2);
      },
    },
    { name: 'mat5', mutate: mutateMat5, short: 800, run: (input) => void code.readMat5(input, 'hostile.mat') },
    {
      name: 'jhmdb-mat',
      mutate: mutateMat5,
      short: 120,
      run(input, folder) {
        written(folder, '/joint_positions/run/clip/joint_positions.mat', input);
        written(folder, '/puppet_mask/run/clip/puppet_mask.mat', input);
        written(folder, '/sub_splits/run_test_split_1.txt', Buffer.from('clip.avi 2\n'));
        code.readJhmdb(path.join(folder, HOSTILE), new code.Warnings());
      },
    },
    {
      name: 'jhmdb-splits',
      mutate: mutateLines,
      short: 120,
      run(input, folder) {
        written(folder, '/joint_positions/run/clip/joint_positions.mat', readFileSync(SOUND_MAT));
        written(folder, '/sub_splits/run_test_split_1.txt', input);
        code.readJhmdb(path.join(folder, HOSTILE), new code.Warnings());
      },
    },
    {
      name: 'jhmdb-json',
      mutate: mutateJson,
      short: 150,
      run(input, folder) {
        const file = written(folder, '.json', input);
        code.readJhmdb(file, new code.Warnings(true));
      },
    },
    {
      name: 'training',
      mutate: mutateJson,
      short: 150,
      run: (input, folder) => void code.readTrainingLabels(written(folder, '.json', input), new code.Warnings(true)),
    },
    {
      name: 'results',
      mutate: mutateJson,
      short: 150,
      run(input, folder) {
        for (const sequence of code.readResults(written(folder, '.json', input))) {
          code.framePlaces(sequence, null);
          const size = sequence.size ?? { width: 640, height: 480 };
          const { columns, tracks } = code.columnsOf(sequence, size);
          const sizes = { poses: columns.frame.length, tracks: tracks.length, joints: sequence.joints.length };
          code.decodeColumns(code.encodeColumns(columns), sizes);
        }
      },
    },
    {
      name: 'run-record',
      mutate: mutateJson,
      short: 150,
      run(input, folder) {
        written(folder, '/run.json', input);
        code.readRun(path.join(folder, HOSTILE));
      },
    },
    {
      name: 'image',
      mutate: (input, random, other) => (input[0] === 0x89 ? mutatePng : mutateBytes)(input, random, other),
      short: 60,
      async run(input, folder) {
        written(folder, '.png', input);
        await readFrames(code, { kind: 'images', path: folder, name: 'clip', files: [`${HOSTILE}.png`] });
      },
    },
    {
      name: 'video',
      mutate: (input, random, other) =>
        (input.toString('latin1', 4, 8) === 'ftyp' ? mutateMp4 : mutateBytes)(input, random, other),
      short: 12,
      run: (input, folder) => readFrames(code, { kind: 'video', path: written(folder, '.mp4', input), name: 'clip' }),
    },
  ];
}

/** Sizes of a head whose tensors stand in the corpus. */
export const SMALL_HEAD = { channels: 2, blockWidth: 2, joints: 1, k: 0, n: 0, enhancement: false, enhancementBlocks: 1, kernel: 1 as const, conditions: false }; // prettier-ignore

/** Three frames of nobody, for lists of results, which refer to frames, and for runs. */
const NO_POSES = Buffer.from(
  JSON.stringify({
    images: [0, 1, 2].map((id) => ({ id, file_name: `clip/${id}.jpg` })),
    annotations: [],
    categories: [{ id: 1, name: 'person', keypoints: COCO_JOINTS }],
  }),
);

/** Enough bytes for the weights of the corpus. */
const TFJS_WEIGHTS = Buffer.alloc(2 * (3 * 3 * 3 * 4 + 4 + 3 * 3 * 4));
const TFJS_SUBGRAPH = {
  graphName: 'net',
  from: 'image',
  input: 'image',
  nominalSide: 8,
  outputs: { features: { tensor: 'b', channels: 4 } },
  dropPrefixes: ['net/'],
  documentation: '',
};

/** All that happens to a network between a file and a bundle; what is written must be sound. */
function cutAndQuantise(code: Code, input: Buffer): void {
  const file = 'hostile.onnx';
  const model = code.parseOnnx(input, file);
  const made = model.nodes.flatMap(({ outputs }) => outputs).filter((name) => name !== '');
  for (const tensor of made.slice(-2)) {
    code.parseOnnx(code.cutOnnx(model, tensor), file);
    code.withOutput(model, tensor);
  }
  refusable(code, () => code.findStage3Branch0(model));
  refusable(code, () => lower(code, model));
  refusable(code, () => quantise(code, model, 'float16'));
  quantise(code, model, 'int8');
}

/** A lowered network must be one that can be run from its first layer to its last. */
function lower(code: Code, model: OnnxModel): void {
  const input = { channels: 3, height: 8, width: 6, expectedJoints: 'expected' };
  const { network, missing } = code.lower(new code.OnnxGraph(model), input);
  if (missing) return void code.describeMissing(missing);
  const { maps, inputs, layers, outputs } = network;
  const made = new Set(maps.slice(0, inputs).keys());
  for (const layer of layers) {
    if (!sourcesOf(layer).every((map) => made.has(map))) throw new Error(`${layer.name} reads what is not made yet`);
    if (made.has(layer.out)) throw new Error(`${layer.name} makes a map again`);
    if (layer.op === 'conv') {
      const perOutput = layer.depthwise ? 1 : maps[layer.source].channels;
      const weights = maps[layer.out].channels * perOutput * layer.kernel ** 2;
      if (layer.weight.length !== 4 * weights) throw new Error(`${layer.name} lacks weights`);
    }
    made.add(layer.out);
  }
  if (!outputs.every((map) => made.has(map))) throw new Error('an output is not made');
}

function quantise(code: Code, model: OnnxModel, type: 'int8' | 'float16'): void {
  const graph = new code.OnnxGraph(model);
  code.simplify(graph);
  if (type === 'float16') code.storeAsFloat16(graph);
  else {
    code.raiseOpset(graph);
    const plan = code.planInt8(graph);
    const statistics = new Map(
      [...plan.tensors.keys()].map((name) => {
        const seen = new code.ActivationStatistics(name);
        seen.add(Float32Array.of(-1, 0.5, 2, 3), [1, 4]);
        return [name, seen];
      }),
    );
    code.toInt8(graph, plan, statistics);
  }
  graph.write();
}

/** Runs one step of several: that it refuses the input must not keep the next from seeing it. */
function refusable(code: Code, step: () => unknown): void {
  try {
    step();
  } catch (thrown) {
    if (!(thrown instanceof code.GlposeError)) throw thrown;
  }
}

async function readFrames(code: Code, input: Parameters<Code['openFrames']>[0]): Promise<void> {
  const source = await code.openFrames(input);
  try {
    let count = 0;
    for await (const { width, height, data } of source.frames()) {
      if (data && data.length !== width * height * 3) throw new Error('a frame of another size than it says');
      if (++count === FRAMES) break;
    }
  } finally {
    await source.close();
  }
}
