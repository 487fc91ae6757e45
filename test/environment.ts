import { TestEnvironment } from 'jest-environment-node';

process.env.ORT_DISABLE_TELEMETRY = '1'; // some tests load ONNX Runtime by themselves

const SHARED = [
  'ArrayBuffer', 'SharedArrayBuffer', 'Float32Array', 'Float64Array', 'Int8Array', 'Uint8Array', 'Uint8ClampedArray',
  'Int16Array', 'Uint16Array', 'Int32Array', 'Uint32Array', 'BigInt64Array', 'BigUint64Array', 'Error',
] as const; // prettier-ignore

/**
 * Jest gives each test file a realm of its own, while addons make arrays of the main realm and check arguments with
 * instanceof: hand the main realm's typed arrays to the tests.
 */
export default class extends TestEnvironment {
  override async setup(): Promise<void> {
    await super.setup();
    for (const name of SHARED) (this.global as Record<string, unknown>)[name] = globalThis[name];
  }
}
