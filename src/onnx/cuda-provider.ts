import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';

/** What ONNX Runtime needs to run a network on an NVIDIA GPU. */
export interface CudaProvider {
  /** Of ONNX Runtime. */
  version: string;
  /** Whether the provider's library lies beside ONNX Runtime's own, where it looks for it. */
  installed: boolean;
  /** How to install it. */
  remedy: string;
}

export function findCudaProvider(): CudaProvider {
  const manifest = createRequire(import.meta.url).resolve('onnxruntime-node/package.json');
  const { version } = JSON.parse(readFileSync(manifest, 'utf8')) as { version: string };
  const library = os.platform() === 'win32' ? 'onnxruntime_providers_cuda.dll' : 'libonnxruntime_providers_cuda.so';
  const file = path.join(path.dirname(manifest), 'bin', 'napi-v6', os.platform(), os.arch(), library);
  const remedy = 'For an NVIDIA GPU with CUDA 12: ONNXRUNTIME_NODE_INSTALL=cuda12 npm rebuild onnxruntime-node';
  return { version, installed: existsSync(file), remedy };
}
