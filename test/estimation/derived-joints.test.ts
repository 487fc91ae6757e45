import { COCO_JOINTS } from '../../src/joints.js';
import { withDerivedJoints } from '../../src/estimation/derived-joints.js';

/** An upright person: head at y = 50, shoulders at y = 100. */
const upright = COCO_JOINTS.map((name) => ({
  x: name.startsWith('left') ? 120 : name.startsWith('right') ? 80 : 100,
  y: name.includes('shoulder') ? 100 : 50,
  score: 0.8,
}));

test('neck lies between shoulders and head, head top above the head, both marked', () => {
  const [neck, headTop] = withDerivedJoints(COCO_JOINTS, upright).slice(-2);
  expect(neck).toMatchObject({ x: 100, score: 0.8, estimated: true });
  expect(neck!.y).toBeGreaterThan(50);
  expect(neck!.y).toBeLessThan(100);
  expect(headTop).toMatchObject({ x: 100, estimated: true });
  expect(headTop!.y).toBeLessThan(50);
});

test('where a shoulder or the whole head is not seen, nothing is invented', () => {
  const blind = (hidden: (name: string) => boolean): unknown[] =>
    withDerivedJoints(
      COCO_JOINTS,
      upright.map((joint, i) => (hidden(COCO_JOINTS[i]) ? { ...joint, score: 0.01 } : joint)),
    ).slice(-2);
  expect(blind((name) => name === 'left_shoulder')).toEqual([null, null]);
  expect(blind((name) => /nose|ear/.test(name))).toEqual([null, null]);
  expect(blind((name) => /ear/.test(name))).not.toContain(null); // the nose stands in
});
