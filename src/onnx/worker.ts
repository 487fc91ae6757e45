/*
 * The thread that runs ONNX Runtime, whose run() blocks the thread it is called from. It holds sessions by number and
 * answers each message once, in order; buffers are handed over, not copied.
 */
import { parentPort } from 'node:worker_threads';
import * as ort from 'onnxruntime-node';
import { messageOf } from '../errors.js';
import type { Place } from './place.js';

/** A float32 tensor as it crosses threads. */
export interface TensorData {
  dims: readonly number[];
  data: Float32Array;
}

export type Request = { id: number; do: 'load'; file: string; threads: number; place: Place } | RunRequest;

interface RunRequest {
  id: number;
  do: 'run';
  session: number;
  feeds: Record<string, TensorData>;
  outputs: string[];
  /** Tensors to write the outputs into, where their shapes are known. */
  into?: Record<string, TensorData>;
}

export type Reply =
  | { id: number; session: number; inputs: string[]; outputs: string[]; maxBatch: number }
  | { id: number; outputs: Record<string, TensorData>; feeds: Record<string, TensorData> }
  | { id: number; error: string };

const port = parentPort!;
const sessions: ort.InferenceSession[] = [];

function providersOf(place: Place): ort.InferenceSession.ExecutionProviderConfig[] {
  if (place === null) return [];
  // The runtime itself would say so on stderr, and take the CPU.
  if (typeof place === 'string' && !ort.listSupportedBackends().some(({ name }) => name === place)) {
    throw new Error(`its build for ${process.platform} has no such provider`);
  }
  return [typeof place === 'number' ? { name: 'cuda', deviceId: place } : place];
}

async function answer(request: Request): Promise<Reply> {
  if (request.do === 'load') {
    const session = await ort.InferenceSession.create(request.file, {
      executionProviders: [...providersOf(request.place), 'cpu'],
      intraOpNumThreads: request.threads,
      interOpNumThreads: 1,
      graphOptimizationLevel: 'all',
      extra: { session: { intra_op: { allow_spinning: '0' } } }, // waiting threads leave the cores to the other stages
      logSeverityLevel: 4, // what goes wrong is thrown; the runtime must not write to the user's stderr
    });
    sessions.push(session);
    return {
      id: request.id,
      session: sessions.length - 1,
      inputs: [...session.inputNames],
      outputs: [...session.outputNames],
      maxBatch: maxBatch(session),
    };
  }
  return run(request);
}

async function run({ id, session, feeds, outputs: names, into }: RunRequest): Promise<Reply> {
  const tensors = toTensors(feeds);
  const results = into
    ? await sessions[session].run(tensors, toTensors(into))
    : await sessions[session].run(tensors, names);
  const outputs: Record<string, TensorData> = {};
  for (const [name, tensor] of Object.entries(results)) {
    if (tensor.type !== 'float32') throw new Error(`its output "${name}" is ${tensor.type}, not float32`);
    // What the runtime allocated cannot be handed over.
    outputs[name] = into?.[name] ?? { dims: tensor.dims, data: (tensor.data as Float32Array).slice() };
  }
  return { id, outputs, feeds };
}

function toTensors(plain: Record<string, TensorData>): Record<string, ort.Tensor> {
  return Object.fromEntries(
    Object.entries(plain).map(([name, { dims, data }]) => [name, new ort.Tensor('float32', data, dims)]),
  );
}

/** The first axis of the first input, where the graph fixes it (an export without dynamic axes). */
function maxBatch({ inputMetadata: [input] }: ort.InferenceSession): number {
  const first = input?.isTensor ? input.shape[0] : undefined;
  return typeof first === 'number' && first > 0 ? first : Infinity;
}

// One after another: ONNX Runtime's own threads already use the cores.
let queue: Promise<void> = Promise.resolve();
let ending = false;
port.on('message', (request: Request | 'end') => {
  if (request === 'end') {
    ending = true; // a thread that is terminated while ONNX Runtime is at work takes the process with it
    void queue.then(() => port.close());
    return;
  }
  queue = queue.then(async () => {
    if (ending) return;
    try {
      const reply = await answer(request);
      const tensors = 'feeds' in reply ? [...Object.values(reply.outputs), ...Object.values(reply.feeds)] : [];
      port.postMessage(reply, tensors.map(({ data }) => data.buffer as ArrayBuffer)); // prettier-ignore
    } catch (thrown) {
      port.postMessage({ id: request.id, error: messageOf(thrown) } satisfies Reply);
    }
  });
});
