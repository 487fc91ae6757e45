import type { KeptMaps } from '../native/contract.js';
import type { TensorData } from './worker.js';

/** One output of a net. There is no data of one that was not asked for, or has stayed on the net's device. */
export interface Output extends TensorData {
  /** Where it is, if it has stayed. */
  kept?: { maps: KeptMaps; index: number };
}

/** A net's outputs by name. */
export type Outputs = Record<string, Output>;
