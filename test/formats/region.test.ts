import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { regionText } from '../../src/formats/region.js';

let dir: string;
beforeAll(() => (dir = mkdtempSync(path.join(os.tmpdir(), 'glpose-region-'))));
afterAll(() => rmSync(dir, { recursive: true }));

function file(content: string): string {
  const name = path.join(dir, 'region.json');
  writeFileSync(name, content);
  return name;
}

test('a polygon’s file becomes text that is read again', () => {
  const text = regionText(file('[[0, 0], [100.5, 0], [50, 80]]'));
  expect(text).toBe('0,0;100.5,0;50,80');
  expect(regionText(text)).toBe(text);
  expect(regionText('1,2,3,4')).toBe('1,2,3,4');
});

test.each(['{}', '[[0, 0], [1, 1]]', '[[0, 0], [1, 1], [2, "a"]]', '[[0, 0], [1, 1], [2, 1e999]]', '[0, 1, 2]'])('%s is none', (text) => {
  expect(() => regionText(file(text))).toThrow(/holds no polygon/);
}); // prettier-ignore

test('what is neither says so', () => {
  expect(() => regionText('corner')).toThrow(/Expected x,y/);
  expect(() => regionText(path.join(dir, 'none.json'))).toThrow(/cannot be read/);
  expect(() => regionText(file('[[0,'))).toThrow(/not valid JSON/);
});
