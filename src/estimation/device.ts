import { OTHER_PROVIDERS, type OtherProvider } from '../onnx/place.js';

/**
 * `cuda` is `cuda:0`; `auto` takes a GPU where one works and says where it does not. The others run the extractor on GPUs that are not
 * NVIDIA's, through providers that ONNX Runtime brings along: WebGPU on Linux, CoreML on Macs, DirectML (`dml`) on Windows. Head and
 * detector stay on the CPU. None of them has been tried on a real GPU.
 */
export type Device = 'auto' | 'cpu' | 'cuda' | `cuda:${number}` | OtherProvider;

/** What a device may be, in words. */
export const DEVICES = `auto, cpu, cuda, cuda:<index>, ${OTHER_PROVIDERS.slice(0, -1).join(', ')} or ${OTHER_PROVIDERS.at(-1)}`;

export function isDevice(text: string): text is Device {
  return /^(auto|cpu|cuda(:\d+)?)$/.test(text) || otherProviderOf(text as Device) !== null;
}

/** @throws Error that says what was expected */
export function parseDevice(text: string): Device {
  if (!isDevice(text)) throw new Error(`Expected ${DEVICES}.`);
  return text;
}

/** The provider that a device names; null where it is the CPU or a CUDA device. */
export function otherProviderOf(device: Device): OtherProvider | null {
  return OTHER_PROVIDERS.find((provider) => provider === device) ?? null;
}
