import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { GlposeError } from '../errors.js';
import { addon } from '../native/binding.js';
import { BufferPool } from './buffer-pool.js';
import { findCudaProvider } from './cuda-provider.js';
import type { DeviceWindows } from './device-windows.js';
import type { Place } from './place.js';
import type { TensorData, Reply, Request } from './worker.js';
import { processTimer } from '../concurrency/process-timer.js';
import { withTimeout } from '../concurrency/with-timeout.js';

export type { TensorData } from './worker.js';

/** A loaded graph. `inputs` and `outputs` are the names it declares. Runs asked for together go side by side. */
export interface OnnxSession {
  readonly inputs: string[];
  readonly outputs: string[];
  /** The largest number of windows that one run takes; Infinity where the graph leaves it open. */
  readonly maxBatch: number;
  /** Runs that go side by side. */
  readonly width: number;
  /** Memory for feeds and outputs. Feeds return to it by themselves. */
  readonly buffers: BufferPool;
  /** Runs on windows of images, where the session cuts them itself. */
  readonly windows?: DeviceWindows;
  /**
   * Runs the graph. The feeds' buffers are handed over and are empty afterwards.
   * @param outputs names to fetch
   * @param into tensors of the outputs' shapes, to be filled instead of new ones; their buffers are handed over, too
   */
  run(
    feeds: Record<string, TensorData>,
    outputs: string[],
    into?: Record<string, TensorData>,
  ): Promise<Record<string, TensorData>>;
}

/** More copies of a net than this cost more memory than they gain; further cores go to each copy's own threads. */
const MOST_WORKERS = 8;

/**
 * ONNX Runtime in threads of its own, since its run() blocks the thread it is called from. On a CPU every thread holds a copy
 * of each graph and runs it on one core: no time is lost to waiting for one another within a layer, other stages of the
 * pipeline find their share of the cores, and results do not depend on the number of threads.
 */
export class OnnxRuntime {
  private readonly workers: OnnxWorker[];
  private readonly threadsEach: number;
  private readonly buffers = new BufferPool();

  /**
   * @param threads cores to use
   * @param copies of each net that share them
   * @param timeout seconds without an answer after which a thread is given up
   */
  constructor(threads: number, copies = Math.min(threads, MOST_WORKERS), timeout = Infinity) {
    addon(); // keeps ONNX Runtime, before it is loaded, from reporting its use
    this.threadsEach = Math.floor(threads / copies);
    this.workers = Array.from({ length: copies }, () => new OnnxWorker(timeout));
  }

  /**
   * Loads a graph.
   * @throws MODEL where the file is not a graph that runs; DEVICE where the provider is not there, or finds no device
   */
  async load(file: string, place: Place): Promise<OnnxSession> {
    if (typeof place === 'number') requireCudaProvider();
    const workers = place === null ? this.workers : this.workers.slice(0, 1); // a GPU is fed by one thread
    const replies = await Promise.all(
      workers.map((worker) => worker.ask({ do: 'load', file, threads: this.threadsEach, place })),
    );
    const failed = replies.find((reply) => 'error' in reply);
    if (failed) throw loadError(file, place, failed.error);
    const loaded = replies as { session: number; inputs: string[]; outputs: string[]; maxBatch: number }[];
    return {
      inputs: loaded[0].inputs,
      outputs: loaded[0].outputs,
      maxBatch: loaded[0].maxBatch,
      width: workers.length,
      buffers: this.buffers,
      run: async (feeds, outputs, into) => {
        const worker = workers.reduce((idlest, other) => (other.load < idlest.load ? other : idlest));
        const session = loaded[workers.indexOf(worker)].session;
        const reply = await worker.ask({ do: 'run', session, feeds, outputs, into });
        if ('error' in reply) throw runError(file, reply.error);
        const ran = reply as Extract<Reply, { feeds: unknown }>;
        for (const { data } of Object.values(ran.feeds)) this.buffers.give(data);
        return ran.outputs;
      },
    };
  }

  async dispose(): Promise<void> {
    await Promise.all(this.workers.map((worker) => worker.dispose()));
  }
}

type Unnumbered<T> = T extends unknown ? Omit<T, 'id'> : never;

/** Seconds that a thread has to end when the model is disposed, before it is left behind. */
const LAST_WAIT = 1;

/**
 * One thread and the calls that wait for it. A thread that fails or hangs takes these calls with it, not later ones: the next
 * call starts another one, which loads the same graphs.
 */
class OnnxWorker {
  private thread: Worker | null = null;
  private readonly loads: Extract<Unnumbered<Request>, { do: 'load' }>[] = [];
  private readonly waiting = new Map<number, { resolve: (reply: Reply) => void; reject: (reason: Error) => void }>();
  private endWatch = (): void => {};
  private nextId = 0;
  private disposed = false;

  /** @param timeout seconds without an answer after which the thread is given up */
  constructor(private readonly timeout: number) {}

  /** Calls under way. */
  get load(): number {
    return this.waiting.size;
  }

  async ask(request: Unnumbered<Request>): Promise<Reply> {
    if (this.disposed) throw new GlposeError('USAGE', 'the model was disposed', 'Load it again.');
    const thread = this.thread ?? this.start();
    const reply = await this.send(thread, request);
    if (request.do === 'load' && !('error' in reply)) this.loads.push(request);
    return reply;
  }

  async dispose(): Promise<void> {
    this.disposed = true;
    const { thread } = this;
    if (thread === null) return;
    this.end(thread, new GlposeError('USAGE', 'the model was disposed', 'Load it again.'));
    thread.ref();
    const ended = once(thread, 'exit').then(() => true, () => true); // prettier-ignore
    thread.postMessage('end');
    if (!(await withTimeout(ended, LAST_WAIT, () => new Error('hung')).catch(() => false))) leaveBehind(thread);
  }

  private start(): Worker {
    const thread = (this.thread = new Worker(new URL('./worker.js', import.meta.url)));
    thread.on('message', (reply: Reply) => {
      const call = this.waiting.get(reply.id);
      this.waiting.delete(reply.id);
      if (thread === this.thread) this.rest(thread);
      call?.resolve(reply);
    });
    thread.on('error', (error: NodeJS.ErrnoException) => {
      const code = error.code === 'ERR_WORKER_OUT_OF_MEMORY' ? 'MEMORY' : 'INTERNAL';
      this.end(thread, new GlposeError(code, `the feature extractor's thread failed: ${error.message}`));
    });
    thread.on('exit', (code) => {
      this.end(thread, new GlposeError('INTERNAL', `the feature extractor's thread ended with code ${code}`));
    });
    for (const load of this.loads) {
      this.send(thread, load).then(
        (reply) => {
          if ('error' in reply) this.end(thread, loadError(load.file, load.place, reply.error));
        },
        () => {}, // its end was told
      );
    }
    return thread;
  }

  private send(thread: Worker, request: Unnumbered<Request>): Promise<Reply> {
    const id = this.nextId++;
    const tensors = request.do === 'run' ? [...Object.values(request.feeds), ...Object.values(request.into ?? {})] : [];
    const buffers = tensors.map(({ data }) => data.buffer as ArrayBuffer);
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve, reject });
      if (this.waiting.size === 1) this.rest(thread);
      thread.postMessage({ id, ...request }, buffers);
    });
  }

  /** After an answer: an idle thread does not keep the process alive, one at work has its time anew. */
  private rest(thread: Worker): void {
    this.endWatch();
    if (this.waiting.size === 0) return thread.unref();
    thread.ref();
    this.endWatch = processTimer(this.timeout, () => {
      const problem = `the feature extractor gave no answer for ${this.timeout} s`;
      this.end(thread, new GlposeError('INTERNAL', problem, 'Run it again; the next video gets a new thread.'));
      thread.postMessage('end');
      leaveBehind(thread);
    });
  }

  private end(thread: Worker, why: GlposeError): void {
    if (thread !== this.thread) return;
    this.thread = null;
    this.endWatch();
    for (const call of this.waiting.values()) call.reject(why);
    this.waiting.clear();
  }
}

/**
 * Lets a thread that does not come back end by itself, if ever. Terminated while ONNX Runtime is at work, be it by the
 * process's own exit, it would abort the process.
 */
function leaveBehind(thread: Worker): void {
  thread.unref();
  const exit = (code: number): void => addon().endProcess(code);
  process.once('exit', exit);
  thread.once('exit', () => process.off('exit', exit));
}

/** Asked beforehand, because the runtime writes to the user's stderr as it fails. */
function requireCudaProvider(): void {
  const { version, installed, remedy } = findCudaProvider();
  if (installed) return;
  throw new GlposeError(
    'DEVICE',
    `ONNX Runtime ${version} is here without its CUDA provider`,
    `${remedy}; or use --device cpu; see glpose doctor.`,
  );
}

function loadError(file: string, place: Place, error: string): GlposeError {
  if (typeof place === 'string') {
    const problem = `ONNX Runtime cannot use ${place} here: ${firstLine(error)
      .replace(/^.* was false\. /, '')
      .replace(/\.$/, '')}`;
    const remedy = 'webgpu needs Linux and a Vulkan driver, coreml a Mac, dml Windows; or use --device cpu.';
    return new GlposeError('DEVICE', problem, remedy);
  }
  if (place !== null && /provider|cuda/i.test(error)) {
    return new GlposeError(
      'DEVICE',
      `ONNX Runtime cannot use CUDA device ${place}: ${firstLine(error)}`,
      'It needs CUDA 12 and cuDNN 9; see glpose doctor, or use --device cpu.',
    );
  }
  return new GlposeError(
    'MODEL',
    `${file} does not load in ONNX Runtime: ${firstLine(error)}`,
    'Check that the file is a complete ONNX model, or import it again.',
  );
}

/** ONNX Runtime says in lines of their own which sizes it got and expected. */
function runError(file: string, error: string): GlposeError {
  const sizes = error.replaceAll(/\s+/g, ' ').match(/Got invalid dimensions.*?(?= Please|$)/)?.[0];
  const remedy = sizes ? 'Correct width and height of the input in the description of the network.' : '';
  return new GlposeError('MODEL', `${file} failed while running: ${sizes ?? firstLine(error)}`, remedy);
}

/** The runtime's messages carry source paths and stacks after the first line. */
function firstLine(text: string): string {
  return text.split('\n')[0].trim();
}
