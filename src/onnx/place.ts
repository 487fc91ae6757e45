/** A provider for GPUs that ONNX Runtime brings along on some platforms. */
export type OtherProvider = 'webgpu' | 'coreml' | 'dml';
export const OTHER_PROVIDERS: readonly OtherProvider[] = ['webgpu', 'coreml', 'dml'];

/** Where a graph runs: on a CUDA device, by its index; through another provider; null: on the CPU. */
export type Place = number | OtherProvider | null;
