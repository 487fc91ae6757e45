import { availableParallelism } from 'node:os';
import type { Addon, NativeHead } from '../native/contract.js';
import { GlposeError, messageOf } from '../errors.js';
import { checkArgument, isCount } from '../check-argument.js';
import { headShape, loadBundle, type Bundle } from '../bundle/bundle.js';
import type { ExtractorConfig } from '../bundle/config.js';
import { addon } from '../native/binding.js';
import { loadDetectorConfig, type OwnDetector } from '../bundle/detector-config.js';
import { DEVICES, isDevice, otherProviderOf, type Device } from './device.js';
import { adapterOf } from '../detection/adapters/index.js';
import { PersonDetector } from '../detection/detector.js';
import type { Estimator } from './estimator.js';
import { CropNet } from './crop-net.js';
import { GlobalLocal, type Reuse } from './glpose.js';
import { fasterOnCpu, networkSession, readNetwork, type OwnSession } from '../onnx/network-session.js';
import type { OtherProvider } from '../onnx/place.js';
import { OnnxRuntime, type OnnxSession } from '../onnx/runtime.js';
import { sizedNetworkSession, type SizedSession } from '../onnx/sized-networks.js';
import { decodeOwnPose, ownPoseOutputs, withoutOwnMaps, withReadOuts, type OwnPoses } from './own-pose.js';
import { SingleFrame } from './single-frame.js';

export type Method = 'glpose' | 'single-frame';
/** What runs the extractor: glpose's own kernels, ONNX Runtime, or whichever is faster of those that can (on a GPU: the own ones). */
export type ExtractorRuntime = (typeof EXTRACTOR_RUNTIMES)[number];
export const EXTRACTOR_RUNTIMES = ['auto', 'glpose', 'onnx'] as const;

export interface ModelOptions {
  method?: Method;
  device?: Device;
  /** Where the maps of neighbouring frames come from (GLPose only). Default: the bundle's. */
  reuse?: Reuse;
  /** Look at everyone in the mirror, too, and average the heat maps: twice the work. Default: false. */
  flip?: boolean;
  /** Default: `auto`. */
  extractorRuntime?: ExtractorRuntime;
  /** CPU threads. Default: all cores. */
  threads?: number;
  /** A JSON file that describes a detector to use instead of the bundle's: docs/choosing-a-model.md. */
  detector?: string;
}

/** Seconds without an answer after which a thread of the extractor hangs. */
const TIMEOUT = 120;

/** Windows a run on a GPU, where batches fill the device. */
const GPU_BATCH = 16;

/** A bundle, loaded and ready on a device. Owns a thread and native memory: dispose it. */
export class Model {
  private taken = false;

  private constructor(
    readonly bundle: Bundle,
    readonly method: Method,
    /** Cuts the windows of both methods and runs the extractor. */
    readonly net: CropNet,
    readonly estimator: Estimator,
    /** null where the bundle has none: boxes must be given. */
    readonly detector: PersonDetector | null,
    /** Where each part runs, `cpu` or `cuda:<i>`, null where there is none; and what runs the extractor. */
    readonly devices: {
      extractor: string;
      head: string | null;
      detector: string | null;
      runtime: 'glpose' | 'onnxruntime';
    },
    /** What of the extractor glpose's own kernels lack; null where they lack nothing, or it was not looked. */
    readonly missingOperator: string | null,
    /** What the user should know: fallbacks, an untrained head. */
    readonly warnings: readonly string[],
    private readonly runtime: OnnxRuntime,
    private readonly head: NativeHead | null,
    private readonly ownNetworks: readonly { dispose(): void }[],
  ) {}

  /**
   * Loads a bundle.
   * @param nameOrPath see `loadBundle`
   * @throws MODEL where the bundle is unfit, DEVICE where the asked-for device is not there, USAGE where an option is wrong
   */
  static async load(nameOrPath: string, options: ModelOptions = {}): Promise<Model> {
    checkOptions(nameOrPath, options);
    const bundle = await loadBundle(nameOrPath);
    const detector = options.detector === undefined ? ownDetector(bundle) : await loadDetectorConfig(options.detector);
    const method = options.method ?? defaultMethod(bundle);
    const native = addon();
    const threads = options.threads ?? availableParallelism();
    native.setThreads(threads);
    const warnings: string[] = [];
    const runtime = new OnnxRuntime(threads, undefined, TIMEOUT);
    let head: NativeHead | null = null;
    let own: OwnExtractor = { session: null, missing: null };
    const ownNetworks: { dispose(): void }[] = [];
    try {
      const { extractor } = bundle.config;
      const other = otherProviderOf(options.device ?? 'auto');
      const wanted = other ? null : cudaIndex(native, options.device ?? 'auto', warnings);
      const load = new SessionLoader(runtime, wanted, other, (options.device ?? 'auto') === 'auto', warnings);
      if (method === 'glpose') head = await createHead(native, bundle, load, warnings);

      const { file: netFile, outputs } = netOf(bundle, method);
      const { name, expectedJoints } = extractor.input;
      const inputs = expectedJoints === undefined ? [name] : [name, expectedJoints];
      const ownOrNot = other ? 'onnx' : (options.extractorRuntime ?? 'auto');
      own = await ownExtractor(native, netFile, extractor, outputs, load, ownOrNot, head?.device);
      if (own.session) ownNetworks.push(own.session);
      const session = own.session ?? (await load.session('extractor', netFile, inputs, outputs));
      const batch = Math.min(session.maxBatch, load.cuda === null ? 1 : GPU_BATCH);
      const read = withoutOwnMaps(session.outputs, extractor.ownPose);
      const net = new CropNet(native, session, extractor.input, outputs, batch, read);
      const { reuse = bundle.config.head?.reuse, flip } = options;
      const estimator = head
        ? new GlobalLocal(
            net,
            extractor.features,
            head,
            bundle.config.head!,
            reuse!,
            flip ? native : undefined,
            ownPosesOf(native, bundle),
          )
        : new SingleFrame(native, net, extractor.ownPose, flip);
      const ownSized = detector && ownOrNot !== 'onnx' ? await ownDetectorNetworks(native, detector, load) : null;
      if (ownSized) ownNetworks.push(ownSized);
      const people = detector && (await personDetector(native, detector, load, ownSized));
      const devices = {
        extractor: other ?? deviceName(load.cuda),
        head: head?.device ?? null,
        detector: people && deviceName(load.detectorsCuda),
        runtime: own.session ? ('glpose' as const) : ('onnxruntime' as const),
      };
      const { missing } = own;
      return new Model(bundle, method, net, estimator, people, devices, missing, warnings, runtime, head, ownNetworks);
    } catch (thrown) {
      head?.dispose();
      for (const network of ownNetworks) network.dispose();
      await runtime.dispose();
      throw thrown;
    }
  }

  /** How joints are found in heat maps: the quarter offset, DARK, or MoveNet's own way. */
  get decode(): 'quarter' | 'dark' | 'movenet' {
    const { head, extractor } = this.bundle.config;
    if (this.method === 'glpose') return head!.decode;
    return extractor.ownPose.kind === 'movenet' ? 'movenet' : extractor.ownPose.decode;
  }

  /**
   * Takes the model for one video, whose people its estimator remembers, until the function it returns is called.
   * @throws USAGE where another video has it
   */
  take(): () => void {
    if (this.taken) {
      const remedy = 'Finish or return() the other iteration first, or load the model once more.';
      throw new GlposeError('USAGE', 'the model is at work on another video', remedy);
    }
    this.taken = true;
    this.net.forgetImages();
    return () => void (this.taken = false);
  }

  /** Ends the threads and frees the memory. Disposing twice is harmless. */
  async dispose(): Promise<void> {
    this.head?.dispose();
    for (const network of this.ownNetworks) network.dispose();
    await this.runtime.dispose();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.dispose();
  }
}

/** The graph that a method runs on windows, and its outputs that are read. */
function netOf(bundle: Bundle, method: Method): { file: string; outputs: string[] } {
  const { features, ownPose } = bundle.config.extractor;
  if (method === 'glpose') {
    const outputs = [features.output, ...(bundle.ownPoseFile ? [] : ownPoseOutputs(ownPose))];
    return { file: bundle.extractorFile, outputs };
  }
  return { file: bundle.ownPoseFile ?? bundle.extractorFile, outputs: ownPoseOutputs(ownPose) };
}

/** The extractor's own poses beside its features; undefined where they come of another graph. */
function ownPosesOf(native: Addon, bundle: Bundle): OwnPoses | undefined {
  const { ownPose } = bundle.config.extractor;
  if (bundle.ownPoseFile) return undefined;
  const { joints, offsets } = ownPose;
  return { joints, offsets, decode: (outputs, person) => decodeOwnPose(native, ownPose, outputs, person, true) };
}

/** The detector on glpose's own kernels, on a GPU wherever they can run it; null elsewhere. */
async function ownDetectorNetworks(
  native: Addon,
  { config, file }: OwnDetector,
  load: SessionLoader,
): Promise<SizedSession | null> {
  if (load.cuda === null) return null;
  const { outputs, fit } = adapterOf(config);
  const usual = fit({ width: 1920, height: 1080 });
  const own = await load.orOnCpu('detector', (cuda) =>
    sizedNetworkSession(native, file, config.input.name, outputs, deviceName(cuda), usual),
  );
  if (own?.missing) load.detectorLacks = own.missing;
  return own?.session ?? null;
}

async function personDetector(
  native: Addon,
  { config, file, describedIn }: OwnDetector,
  load: SessionLoader,
  own: OnnxSession | null,
): Promise<PersonDetector> {
  const adapter = adapterOf(config);
  const session = own ?? (await load.session('detector', file, [config.input.name], adapter.outputs, describedIn));
  return new PersonDetector(native, session, config.input, adapter);
}

/** @throws USAGE */
function checkOptions(
  nameOrPath: unknown,
  { method, device, reuse, flip, extractorRuntime, threads, detector }: ModelOptions,
): void {
  const bundle = 'Options come second: loadModel(undefined, { … }) takes the default bundle.';
  checkArgument('the bundle', nameOrPath, 'a name or folder', typeof nameOrPath === 'string', bundle);
  checkArgument('method', method, 'glpose or single-frame', [undefined, 'glpose', 'single-frame'].includes(method));
  checkArgument('device', device, DEVICES, isDevice(device ?? 'auto'));
  checkArgument('reuse', reuse, 'exact or warp', [undefined, 'exact', 'warp'].includes(reuse));
  checkArgument('flip', flip, 'true or false', typeof (flip ?? false) === 'boolean');
  const runtime = extractorRuntime ?? 'auto';
  checkArgument('extractorRuntime', runtime, 'auto, glpose or onnx', EXTRACTOR_RUNTIMES.includes(runtime));
  const fits = runtime !== 'glpose' || otherProviderOf(device ?? 'auto') === null;
  checkArgument('extractorRuntime', runtime, `auto or onnx with the device ${device}`, fits);
  checkArgument('threads', threads, 'a whole number from 1', isCount(threads ?? 1));
  checkArgument('detector', detector, 'a JSON file', typeof (detector ?? '') === 'string');
}

type OwnExtractor = { session: OwnSession; missing: null } | { session: null; missing: string | null };

/**
 * The extractor on glpose's own kernels: on a GPU wherever they can run it, on the CPU where it is asked for, or faster.
 * @throws MODEL where it is asked for and the kernels lack something, DEVICE and MEMORY where the GPU does not take it
 */
async function ownExtractor(
  native: Addon,
  file: string,
  { input, features, ownPose }: ExtractorConfig,
  outputs: readonly string[],
  load: SessionLoader,
  wanted: ExtractorRuntime,
  headDevice?: string,
): Promise<OwnExtractor> {
  if (wanted === 'onnx') return { session: null, missing: null };
  const { network, missing } = await readNetwork(file, input, outputs);
  if (network && load.cuda !== null) {
    const onGpu = await load.orOnCpu('extractor', async (cuda) => {
      const device = deviceName(cuda);
      const kept = headDevice === device ? features.output : undefined; // from frame to joints it stays on the GPU
      const reading = withReadOuts(network, outputs, ownPose);
      return networkSession(native, reading.network, input, reading.outputs, device, { ...input, kept });
    });
    if (onGpu) return { session: onGpu, missing };
  }
  if (network && (wanted === 'glpose' || fasterOnCpu(native, network))) {
    return { session: networkSession(native, network, input, outputs, 'cpu'), missing };
  }
  if (wanted === 'glpose') {
    const problem = `${file} does not run on glpose's own kernels: ${missing}`;
    throw new GlposeError('MODEL', problem, 'Use --extractor-runtime auto or onnx.');
  }
  return { session: null, missing };
}

function ownDetector({ config, detectorFile }: Bundle): OwnDetector | null {
  return config.detector && detectorFile
    ? { config: config.detector, file: detectorFile, describedIn: 'config.json' }
    : null;
}

/** GLPose where the bundle has a trained head. */
function defaultMethod(bundle: Bundle): Method {
  return bundle.config.head?.trained ? 'glpose' : 'single-frame';
}

function deviceName(cuda: number | null): string {
  return cuda === null ? 'cpu' : `cuda:${cuda}`;
}

/** The CUDA device to try, or null for the CPU. */
function cudaIndex(native: Addon, device: Device, warnings: string[]): number | null {
  if (device === 'cpu') return null;
  const { cuda } = native.info();
  const index = device.startsWith('cuda:') ? Number(device.slice(5)) : 0;
  if (cuda.devices.some((found) => found.index === index)) return index;
  const why = cuda.devices.length > 0 ? `there is no device ${index}` : cuda.problem;
  if (device !== 'auto') {
    throw new GlposeError(
      'DEVICE',
      `no CUDA device for --device ${device}: ${why}`,
      'Use --device cpu; see glpose doctor.',
    );
  }
  if (cuda.compiled && cuda.devices.length > 0) warnings.push(`running on the CPU: ${why}`);
  return null;
}

/** A part that is a graph, as warnings name it. */
type Part = 'extractor' | 'detector';

/**
 * Loads graphs on the asked-for device. Under `auto`, an extractor that the GPU does not take sends all that follows to the CPU; a
 * detector goes there by itself, whatever was asked for, since ONNX Runtime needs more for a GPU than its driver. Both with a notice.
 */
class SessionLoader {
  /** Where the detector runs. */
  detectorsCuda: number | null;
  /** In words, what of the detector glpose's own kernels lack. */
  detectorLacks: string | null = null;

  constructor(
    private readonly runtime: OnnxRuntime,
    /** Where the extractor runs: a device, or null for the CPU. */
    public cuda: number | null,
    /** The provider that runs the extractor instead, if any. */
    private readonly other: OtherProvider | null,
    private readonly mayFallBack: boolean,
    private readonly warnings: string[],
  ) {
    this.detectorsCuda = cuda;
  }

  /** What `make` gives for the GPU; null, with a notice, where that is not to be had and the CPU will do. */
  async orOnCpu<T>(part: Part, make: (cuda: number) => Promise<T>): Promise<T | null> {
    try {
      return await make(this.cuda!);
    } catch (thrown) {
      this.toCpu(part, thrown);
      return null;
    }
  }

  /** @throws MODEL where the graph lacks a tensor that its description names */
  async session(
    part: Part,
    file: string,
    inputs: string[],
    outputs: readonly string[],
    describedIn = 'config.json',
  ): Promise<OnnxSession> {
    let session: OnnxSession;
    try {
      const place = part === 'extractor' ? (this.other ?? this.cuda) : this.detectorsCuda;
      session = await this.runtime.load(file, place);
    } catch (thrown) {
      this.toCpu(part, thrown);
      session = await this.runtime.load(file, null);
    }
    for (const [kind, names, there] of [
      ['input', inputs, session.inputs],
      ['output', outputs, session.outputs],
    ] as const) {
      const missing = names.find((name) => !there.includes(name));
      if (missing !== undefined) {
        throw new GlposeError(
          'MODEL',
          `${file} has no ${kind} "${missing}", which ${describedIn} names; it has ${there.join(', ')}`,
          `Correct ${describedIn}, or export the network again.`,
        );
      }
    }
    return session;
  }

  /** Sends a part to the CPU, if it may go there. */
  private toCpu(part: Part, thrown: unknown): void {
    const why = thrown instanceof GlposeError && ['DEVICE', 'MEMORY'].includes(thrown.code) ? thrown.message : null;
    if (this.cuda === null || why === null || !(this.mayFallBack || part === 'detector')) throw thrown;
    const lacking = part === 'detector' && this.detectorLacks;
    this.warnings.push(`the ${part} runs on the CPU: ${lacking ? `glpose's own kernels lack ${lacking}; ` : ''}${why}`);
    this.detectorsCuda = null;
    if (part === 'extractor') this.cuda = null;
  }
}

async function createHead(native: Addon, bundle: Bundle, load: SessionLoader, warnings: string[]): Promise<NativeHead> {
  const shape = headShape(bundle.config);
  const tensors = await bundle.loadHead();
  if (!bundle.config.head?.trained) {
    warnings.push(
      `the head of ${bundle.config.name} is not trained: its weights are random and its poses mean nothing; ` +
        'use --method single-frame for real ones',
    );
  }
  try {
    return native.createHead(shape, tensors, deviceName(load.cuda));
  } catch (thrown) {
    throw fromNative(thrown, bundle.headFile ?? bundle.dir);
  }
}

/** The addon's typed errors carry a code; the file is known here. */
function fromNative(thrown: unknown, file: string): GlposeError {
  const code = (thrown as { code?: unknown }).code;
  const known = code === 'MODEL' || code === 'DEVICE' || code === 'MEMORY' ? code : 'INTERNAL';
  return new GlposeError(known, `${file}: ${messageOf(thrown)}`, '', { cause: thrown });
}
