import { GlposeError, messageOf, type ErrorCode } from '../errors.js';
import type { Addon, NativeHead, NativeNetwork } from './contract.js';

const REMEDIES: Partial<Record<ErrorCode, string>> = {
  DEVICE: 'Run glpose doctor to see what this machine has, or use --device cpu.',
  MEMORY: 'Close other programs, or use a smaller batch.',
  MODEL: 'The head and config.json must come from the same training run.',
};

/** The addon's Error with a `code` as a GlposeError. */
function typed(thrown: unknown): GlposeError {
  const code = (thrown as { code?: unknown }).code;
  const known = code === 'MODEL' || code === 'DEVICE' || code === 'MEMORY' ? code : 'INTERNAL';
  return new GlposeError(known, messageOf(thrown), REMEDIES[known], { cause: thrown });
}

function call<T>(body: () => T): T {
  try {
    return body();
  } catch (thrown) {
    throw typed(thrown);
  }
}

const settled = <T>(body: () => Promise<T>): Promise<T> =>
  call(body).catch((thrown: unknown) => {
    throw typed(thrown);
  });

function headWithTypedErrors(head: NativeHead): NativeHead {
  return {
    device: head.device,
    ingest: (features) => settled(() => head.ingest(features)),
    release: (handles) => call(() => head.release(handles)),
    estimate: (batch) => settled(() => head.estimate(batch)),
    dispose: () => head.dispose(),
  };
}

function networkWithTypedErrors(network: NativeNetwork): NativeNetwork {
  return {
    device: network.device,
    add: (layer) => call(() => network.add(layer)),
    image: (image) => call(() => network.image(image)),
    run: (batch) => settled(() => network.run(batch)),
    dispose: () => network.dispose(),
  };
}

/** The binary's export table with every Error turned into a GlposeError. */
export function withTypedErrors(binary: Addon): Addon {
  return {
    info: () => call(() => binary.info()),
    crop: (batch) => settled(() => binary.crop(batch)),
    decode: (heatmaps, shape, method) => call(() => binary.decode(heatmaps, shape, method)),
    peaks: (heatmaps, shape, offsets) => call(() => binary.peaks(heatmaps, shape, offsets)),
    pose: (...maps) => call(() => binary.pose(...maps)),
    createHead: (shape, tensors, device) => headWithTypedErrors(call(() => binary.createHead(shape, tensors, device))),
    createNetwork: (maps, inputs, outputs, device) =>
      networkWithTypedErrors(call(() => binary.createNetwork(maps, inputs, outputs, device))),
    discard: (held) => call(() => binary.discard(held)),
    ceilings: (device) => settled(() => binary.ceilings(device)),
    lock: (fd, shared) => call(() => binary.lock(fd, shared)),
    endProcess: (code) => call(() => binary.endProcess(code)),
    setThreads: (count) => call(() => binary.setThreads(count)),
  };
}
