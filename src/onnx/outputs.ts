import type { KeptMap } from '../native/contract.js';
import type { TensorData } from './worker.js';

/** One output of a net. */
export interface Output extends TensorData {
  /** Where it is, if it has stayed on the net's device: there is no data then. */
  kept?: KeptMap;
}

/** A net's outputs by name. */
export type Outputs = Record<string, Output>;
