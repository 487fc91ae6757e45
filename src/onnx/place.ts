/** Providers for GPUs that ONNX Runtime brings along, each on its platforms. */
export const OTHER_PROVIDERS = ['webgpu', 'coreml', 'dml'] as const;
export type OtherProvider = (typeof OTHER_PROVIDERS)[number];

/** Where a graph runs: on a CUDA device, by its index; through another provider; null: on the CPU. */
export type Place = number | OtherProvider | null;
