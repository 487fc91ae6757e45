import { GlposeError } from '../errors.js';

/** Coordinates of a model over time, as OpenSim's motion files hold them. T samples. */
export interface MotionTable {
  name: string;
  /** T seconds, rising. */
  times: ArrayLike<number>;
  /** T degrees each, none missing. Names without blanks: blanks part the columns for some readers. */
  columns: readonly { name: string; degrees: ArrayLike<number> }[];
}

/**
 * An OpenSim motion file (.mot, version 1, degrees), as its `Storage` and `MOTFileAdapter` read it.
 * @yields lines
 * @throws USAGE where a value is missing: OpenSim's older readers take no `nan`
 */
export function* writeOpenSimMot({ name, times, columns }: MotionTable): Generator<string, void, undefined> {
  const missing = columns.find(({ degrees }) => Array.from(degrees).some((value) => !Number.isFinite(value)));
  if (missing || columns.length === 0 || times.length === 0) {
    const problem = missing ? `${missing.name} of ${name} has gaps` : `${name} has no angle at any time`;
    throw new GlposeError('USAGE', `${problem}: no motion file can hold that`, 'Fill the gaps, or leave it out.');
  }
  yield `${name.replaceAll(/[\r\n=]/g, ' ')}\n`;
  yield `version=1\nnRows=${times.length}\nnColumns=${columns.length + 1}\ninDegrees=yes\nendheader\n`;
  yield `time\t${columns.map((column) => column.name).join('\t')}\n`;
  for (let t = 0; t < times.length; t++) {
    yield `${times[t].toFixed(6)}\t${columns.map(({ degrees }) => degrees[t].toFixed(6)).join('\t')}\n`;
  }
}
