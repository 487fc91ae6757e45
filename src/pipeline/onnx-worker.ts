/*
 * The thread that runs ONNX Runtime, whose run() blocks the thread it is called from. It holds sessions by number and
 * answers each message once, in order; buffers are handed over, not copied.
 */
import { parentPort } from 'node:worker_threads';
import * as ort from 'onnxruntime-node';
import { messageOf } from '../errors.js';

/** A float32 tensor as it crosses threads. */
export interface Plain {
  dims: readonly number[];
  data: Float32Array;
}

export type Request =
  | { id: number; do: 'load'; file: string; threads: number; cuda: number | null }
  | { id: number; do: 'run'; session: number; feeds: Record<string, Plain>; outputs: string[] };

export type Reply =
  | { id: number; session: number; inputs: string[]; outputs: string[]; maxBatch: number }
  | { id: number; outputs: Record<string, Plain> }
  | { id: number; error: string };

const port = parentPort!;
const sessions: ort.InferenceSession[] = [];

async function answer(request: Request): Promise<Reply> {
  if (request.do === 'load') {
    const session = await ort.InferenceSession.create(request.file, {
      executionProviders: request.cuda === null ? ['cpu'] : [{ name: 'cuda', deviceId: request.cuda }, 'cpu'],
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
  const feeds: Record<string, ort.Tensor> = {};
  for (const [name, { dims, data }] of Object.entries(request.feeds)) {
    feeds[name] = new ort.Tensor('float32', data, dims);
  }
  const results = await sessions[request.session].run(feeds, request.outputs);
  const outputs: Record<string, Plain> = {};
  for (const [name, tensor] of Object.entries(results)) {
    if (tensor.type !== 'float32') throw new Error(`its output "${name}" is ${tensor.type}, not float32`);
    outputs[name] = { dims: tensor.dims, data: Float32Array.from(tensor.data as Float32Array) };
  }
  return { id: request.id, outputs };
}

/** The first axis of the first input, where the graph fixes it (an export without dynamic axes). */
function maxBatch({ inputMetadata: [input] }: ort.InferenceSession): number {
  const first = input?.isTensor ? input.shape[0] : undefined;
  return typeof first === 'number' && first > 0 ? first : Infinity;
}

// One after another: ONNX Runtime's own threads already use the cores.
let queue: Promise<void> = Promise.resolve();
port.on('message', (request: Request) => {
  queue = queue.then(async () => {
    try {
      const reply = await answer(request);
      const buffers = 'outputs' in reply && !Array.isArray(reply.outputs) ? Object.values(reply.outputs) : [];
      port.postMessage(reply, buffers.map((plain) => plain.data.buffer as ArrayBuffer)); // prettier-ignore
    } catch (thrown) {
      port.postMessage({ id: request.id, error: messageOf(thrown) } satisfies Reply);
    }
  });
});
