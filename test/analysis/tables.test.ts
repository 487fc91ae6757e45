import { analyseVideo } from '../../src/analysis/analyse.js';
import { anglesCsv, motOf, positionsCsv, trcOf } from '../../src/analysis/tables.js';
import { bodyAt, STANDING, videoOf } from './movement.js';

const bodies = Array.from(
  { length: 40 },
  (_, t) =>
  t === 12
    ? null
    : new Map([...bodyAt([300 + t, 400], { ...STANDING, knee: t, hip: 20 })].filter(([name]) => t !== 20 || name !== 'left_ankle')), // prettier-ignore
);
const video = videoOf(bodies, 25);

function cells(lines: Iterable<string>): Record<string, string>[] {
  const [head, ...rows] = [...lines].map((line) => line.trimEnd().split(','));
  return rows.map((row) => Object.fromEntries(head.map((name, i) => [name, row[i]])));
}

test('angles: a row a frame, the units in the names, gaps empty', () => {
  const rows = cells(anglesCsv(analyseVideo(video)));
  expect(rows).toHaveLength(39); // in frame 12 the person is not there
  const at30 = rows.find(({ frame }) => frame === '30')!;
  expect(at30).toMatchObject({ time: '1.2', track_id: '7', left_knee_deg: '30', left_knee_deg_s: '25', left_hip_deg: '20', trunk_segment_deg: '90' }); // prettier-ignore
  expect(rows.find(({ frame }) => frame === '20')).toMatchObject({ left_knee_deg: '', right_knee_deg: '20' });
});

test('positions: pixels as in the picture; metres from its lower edge', () => {
  const pixels = cells(positionsCsv(analyseVideo(video)))[5];
  expect(pixels).toMatchObject({ mid_hips_x_px: '305', mid_hips_y_px: '400', mid_hips_speed_px_s: '25' });
  const scale = { metres: 1, from: { x: 0, y: 0 }, to: { x: 0, y: 100 } };
  const metres = cells(positionsCsv(analyseVideo(video, { scale })))[5];
  expect(metres).toMatchObject({ mid_hips_x_m: '3.05', mid_hips_y_m: '3.99', mid_hips_speed_m_s: '0.25' }); // 800 rows: the lowest is 799
});

test('the TRC file has OpenPose’s names; the motion file has the model’s, and its gaps are counted', () => {
  const scale = { metres: 1, from: { x: 0, y: 0 }, to: { x: 0, y: 100 } };
  const analysis = analyseVideo(video, { scale, facing: 'right' });
  const [person] = analysis.people;
  const labels = [...trcOf(analysis, person)][3].trimEnd().split(/\t+/);
  for (const name of ['RKnee', 'LBigToe', 'LHeel', 'Hip', 'Neck', 'Head']) expect(labels).toContain(name);
  const mot = motOf(analysis, person)!;
  const lines = [...mot.lines];
  expect(mot.filled).toBe(2 + 1 * 11); // without the ankle: knee and ankle; without the person: all eleven
  expect(lines[1]).toContain('nColumns=12\n');
  const [columns, ...rows] = lines.slice(2).map((line) => line.trimEnd().split('\t'));
  expect(columns).toContain('pelvis_tilt');
  expect(Number(rows[20][columns.indexOf('knee_angle_l')])).toBeCloseTo(20, 5); // on the line between 19 and 21
  expect(Number(rows[30][columns.indexOf('hip_flexion_r')])).toBeCloseTo(20, 5);
});

test('without signs there is no motion file', () => {
  const analysis = analyseVideo(video, { facing: 'front' });
  expect(motOf(analysis, analysis.people[0])).toBeNull();
});
