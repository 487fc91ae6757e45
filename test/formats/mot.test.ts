import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { readBoxes } from '../../src/formats/boxes.js';
import { writeMot } from '../../src/formats/mot.js';
import { twoPeople } from './two-people.js';

test('MOTChallenge counts frames, ids and pixels from 1', () => {
  expect([...writeMot(twoPeople())]).toEqual([
    '1,1,101,51,40.5,80.25,0.5,-1,-1,-1\n',
    '1,8,301,61,40.5,80.25,0.5,-1,-1,-1\n',
    '3,8,301.125,61,40.5,80.25,0.5,-1,-1,-1\n',
  ]);
});

test('the boxes come back through --boxes, with their tracks', async () => {
  const dir = await mkdtemp(path.join(os.tmpdir(), 'glpose-mot-'));
  try {
    await writeFile(path.join(dir, 'clip.txt'), [...writeMot(twoPeople())].join(''));
    const boxes = readBoxes(path.join(dir, 'clip.txt')).forVideo('clip');
    const inFrame = (index: number): unknown => boxes.boxesOf({ index, name: String(index) });
    expect(inFrame(0)).toMatchObject([
      { box: { x: 100, y: 50, width: 40.5, height: 80.25 }, trackId: 0 },
      { trackId: 7 },
    ]);
    expect(inFrame(1)).toEqual([]);
    expect(inFrame(2)).toMatchObject([{ box: { x: 300.125 }, score: 0.5, trackId: 7 }]);
  } finally {
    await rm(dir, { recursive: true });
  }
});
