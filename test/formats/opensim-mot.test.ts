import { writeOpenSimMot } from '../../src/formats/opensim-mot.js';

/**
 * Reads a motion file by the rules of OpenSim's Storage and MOTFileAdapter: a header of `key=value` lines up to `endheader`, labels and
 * values parted by blanks or tabs, `time` first, nRows rows of nColumns numbers, no `nan`.
 */
function readAsOpenSim(text: string): { header: Record<string, string>; labels: string[]; rows: number[][] } {
  const lines = text.split('\n');
  const end = lines.indexOf('endheader');
  expect(end).toBeGreaterThan(0);
  const header = Object.fromEntries(lines.slice(1, end).map((line) => line.split('=')));
  const labels = lines[end + 1].split(/[ \t]+/);
  const rows = lines.slice(end + 2).filter((line) => line !== '').map((line) => line.split(/[ \t]+/).map(Number)); // prettier-ignore
  expect(rows).toHaveLength(Number(header.nRows));
  for (const row of [labels, ...rows]) expect(row).toHaveLength(Number(header.nColumns));
  expect(rows.flat().every(Number.isFinite)).toBe(true);
  return { header, labels, rows };
}

const columns = [
  { name: 'knee_angle_r', degrees: [0, 10.5, 20] },
  { name: 'hip_flexion_r', degrees: [-5, 0, 1e-9] },
];

test('OpenSim’s reader finds labels, times and angles', () => {
  const text = [...writeOpenSimMot({ name: 'walk=1', times: [0, 0.04, 0.08], columns })].join('');
  const { header, labels, rows } = readAsOpenSim(text);
  expect(header).toEqual({ version: '1', nRows: '3', nColumns: '3', inDegrees: 'yes' });
  expect(labels).toEqual(['time', 'knee_angle_r', 'hip_flexion_r']);
  expect(rows).toEqual([
    [0, 0, -5],
    [0.04, 10.5, 0],
    [0.08, 20, 0],
  ]);
});

test('gaps are refused: OpenSim’s older readers stop at them', () => {
  const holed = [{ name: 'knee_angle_r', degrees: [0, NaN, 20] }];
  expect(() => [...writeOpenSimMot({ name: 'walk', times: [0, 1, 2], columns: holed })]).toThrow(/knee_angle_r of walk has gaps/); // prettier-ignore
  expect(() => [...writeOpenSimMot({ name: 'walk', times: [], columns: [] })]).toThrow(/no angle/);
});
