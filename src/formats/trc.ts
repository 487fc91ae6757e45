import { GlposeError } from '../errors.js';

/** Markers over time, as TRC files hold them. T samples. */
export interface MarkerTable {
  name: string;
  /** Samples a second. */
  rate: number;
  /** T: each sample's frame in the video, from 0. */
  frames: ArrayLike<number>;
  /** T seconds. */
  times: ArrayLike<number>;
  /** Metres, x to the picture's right, y upwards; NaN where a marker is missing. Names without tabs. */
  markers: readonly { name: string; x: ArrayLike<number>; y: ArrayLike<number> }[];
}

/**
 * A TRC file (track row column), as OpenSim's `TRCFileAdapter` and Pose2Sim read it: z is 0 throughout, a missing marker `nan`.
 * `Frame#` counts from 1, as OpenSim writes it; `OrigDataStartFrame` is the first sample's frame in the video, from 1.
 * @yields lines
 * @throws USAGE where there is no marker, or no sample: no reader takes such a file
 */
export function* writeTrc({ name, rate, frames, times, markers }: MarkerTable): Generator<string, void, undefined> {
  if (markers.length === 0 || times.length === 0) {
    throw new GlposeError('USAGE', `${name} has no marker at any time: no TRC file can hold that`, '');
  }
  const rows = times.length;
  const hz = String(Number(rate.toFixed(6)));
  yield `PathFileType\t4\t(X/Y/Z)\t${name.replaceAll(/[\t\r\n]/g, ' ')}.trc\n`;
  yield 'DataRate\tCameraRate\tNumFrames\tNumMarkers\tUnits\tOrigDataRate\tOrigDataStartFrame\tOrigNumFrames\n';
  yield `${[hz, hz, rows, markers.length, 'm', hz, frames[0] + 1, rows].join('\t')}\n`;
  yield `Frame#\tTime\t${markers.map((marker) => marker.name).join('\t\t\t')}\t\t\n`;
  yield `\t\t${markers.map((_, i) => `X${i + 1}\tY${i + 1}\tZ${i + 1}`).join('\t')}\n`;
  yield '\n';
  for (let t = 0; t < rows; t++) {
    const places = markers.map(({ x, y }) =>
      Number.isFinite(x[t]) && Number.isFinite(y[t]) ? `${x[t].toFixed(6)}\t${y[t].toFixed(6)}\t0` : 'nan\tnan\tnan',
    );
    yield `${t + 1}\t${times[t].toFixed(6)}\t${places.join('\t')}\n`;
  }
}
