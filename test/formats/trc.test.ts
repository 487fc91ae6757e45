import { writeTrc } from '../../src/formats/trc.js';

/**
 * Reads a TRC file by the rules of OpenSim's TRCFileAdapter: lines in tokens at tabs, of the header without empty ones; the keys and the
 * labels X1, Y1, Z1 … exactly; every row two and three a marker; numbers as std::stod takes them (`nan` among them).
 */
function readAsOpenSim(text: string): {
  meta: Record<string, string>;
  labels: string[];
  times: number[];
  rows: number[][];
} {
  const lines = text.split('\n');
  const tokens = (line: string): string[] => line.split('\t').filter((token) => token !== '');
  expect(tokens(lines[0])[0]).toBe('PathFileType');
  const keys = tokens(lines[1]);
  expect(keys).toEqual(['DataRate', 'CameraRate', 'NumFrames', 'NumMarkers', 'Units', 'OrigDataRate', 'OrigDataStartFrame', 'OrigNumFrames']); // prettier-ignore
  const values = tokens(lines[2]);
  expect(values).toHaveLength(keys.length);
  const meta = Object.fromEntries(keys.map((key, i) => [key, values[i]]));
  const markers = Number(meta.NumMarkers);
  const labels = tokens(lines[3]);
  expect(labels).toHaveLength(markers + 2);
  expect(labels.splice(0, 2)).toEqual(['Frame#', 'Time']);
  expect(tokens(lines[4])).toEqual(Array.from({ length: markers }, (_, i) => [`X${i + 1}`, `Y${i + 1}`, `Z${i + 1}`]).flat()); // prettier-ignore
  expect(lines[5]).toBe('');
  const rows = lines.slice(6).filter((line) => line !== '').map((line) => line.split('\t')); // prettier-ignore
  for (const row of rows) {
    expect(row).toHaveLength(2 + 3 * markers);
    for (const number of row) expect(number).toMatch(/^(-?\d+(\.\d+)?|nan)$/);
  }
  expect(rows).toHaveLength(Number(meta.NumFrames));
  return { meta, labels, times: rows.map((row) => Number(row[1])), rows: rows.map((row) => row.slice(2).map(Number)) };
}

const table = {
  name: 'clip\t1',
  rate: 30,
  frames: [10, 11, 12],
  times: [1 / 3, 11 / 30, 0.4],
  markers: [
    { name: 'RAnkle', x: [0.5, NaN, 0.7], y: [0.1, NaN, -0.2] },
    { name: 'Hip', x: [1, 2, 3], y: [4, 5, 6] },
  ],
};

test('OpenSim’s reader finds every marker, time and gap', () => {
  const { meta, labels, times, rows } = readAsOpenSim([...writeTrc(table)].join(''));
  expect(meta).toMatchObject({ DataRate: '30', Units: 'm', NumFrames: '3', OrigDataStartFrame: '11' });
  expect(labels).toEqual(['RAnkle', 'Hip']);
  expect(times).toEqual([0.333333, 0.366667, 0.4]);
  expect(rows).toEqual([
    [0.5, 0.1, 0, 1, 4, 0],
    [NaN, NaN, NaN, 2, 5, 0],
    [0.7, -0.2, 0, 3, 6, 0],
  ]);
});

test('without markers there is no file', () => {
  expect(() => [...writeTrc({ ...table, markers: [] })]).toThrow(/no marker/);
});
