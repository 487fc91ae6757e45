import { followedBy, moved, movedBox, reversed, STILL } from '../../src/geometry/motion.js';

const pan = { scale: 1, x: 30, y: -4 };
const zoom = { scale: 2, x: -160, y: -120 };
const box = { x: 100, y: 80, width: 40, height: 90 };

test('one motion after another moves what the two move in turn, and the way back undoes it', () => {
  const both = followedBy(pan, zoom);
  expect(movedBox(box, both)).toEqual(movedBox(movedBox(box, pan), zoom));
  expect(movedBox(movedBox(box, both), reversed(both))).toEqual(box);
});

test('a person moves with their coarse pose; where the camera stands they stay who they are', () => {
  const person = { box, score: 0.5, coarsePose: Float32Array.of(100, 80, 140, 170), name: 'someone' };
  expect(moved(person, STILL)).toBe(person);
  expect(moved(person, zoom)).toEqual({
    box: { x: 40, y: 40, width: 80, height: 180 },
    score: 0.5,
    coarsePose: Float32Array.of(40, 40, 120, 220),
    name: 'someone',
  });
});
