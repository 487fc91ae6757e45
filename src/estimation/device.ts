/** `cuda` is `cuda:0`; `auto` takes a GPU where one works and says where it does not. */
export type Device = 'auto' | 'cpu' | 'cuda' | `cuda:${number}`;

/** @throws Error that says what was expected */
export function parseDevice(text: string): Device {
  if (!/^(auto|cpu|cuda(:\d+)?)$/.test(text)) throw new Error('Expected auto, cpu, cuda or cuda:<index>.');
  return text as Device;
}
