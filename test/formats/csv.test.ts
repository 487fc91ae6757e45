import { writeCsv } from '../../src/formats/csv.js';
import { asFolder, twoPeople } from './two-people.js';

/** A reader of RFC 4180 that knows quotes, independent of the writer. */
function parse(text: string): Record<string, string>[] {
  const rows: string[][] = [[]];
  for (const [, quoted, bare, end] of text.matchAll(/(?:"((?:[^"]|"")*)"|([^,"\r\n]*))(,|\r\n|$)/g)) {
    rows.at(-1)!.push(quoted?.replaceAll('""', '"') ?? bare);
    if (end === '\r\n') rows.push([]);
    if (end === '') break;
  }
  const [head, ...body] = rows.slice(0, -1);
  return body.map((row) => {
    expect(row).toHaveLength(head.length);
    return Object.fromEntries(row.map((cell, i) => [head[i], cell]));
  });
}

test('one row per person and frame, with every column filled where the joint was found', () => {
  const rows = parse([...writeCsv(twoPeople())].join(''));
  expect(rows.map(({ frame, time, track_id: id }) => [frame, time, id])).toEqual([
    ['0', '0', '0'],
    ['0', '0', '7'],
    ['2', '3', '7'], // by its time stamp, not by the mean rate
  ]);
  expect(rows[1]).toMatchObject({ name: '0', score: '0.4', box_x: '300', box_height: '80.25', box_score: '0.5' });
  expect(rows[1]).toMatchObject({ nose_x: '300', left_hip_x: '311', left_hip_y: '82', left_hip_score: '0.61' });
  expect(rows[2]).toMatchObject({ left_eye_x: '', left_wrist_score: '', right_wrist_x: '', nose_x: '300.125' });
});

test('names with commas and quotes survive; folders have no time', () => {
  const rows = parse([...writeCsv(asFolder(['a, "b".jpg', 'c.jpg', 'd\n.jpg']))].join(''));
  expect(rows.map(({ name, time }) => [name, time])).toEqual([
    ['a, "b".jpg', ''],
    ['a, "b".jpg', ''],
    ['d\n.jpg', ''],
  ]);
});
