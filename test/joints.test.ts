import {
  COCO_JOINTS,
  JHMDB_JOINTS,
  LIMBS,
  LSP_JOINTS,
  mirrored,
  POSETRACK17_JOINTS,
  POSETRACK18_JOINTS,
  withoutSide,
} from '../src/joints.js';

const LAYOUTS = { COCO_JOINTS, JHMDB_JOINTS, LSP_JOINTS, POSETRACK17_JOINTS, POSETRACK18_JOINTS };

test.each(Object.entries(LAYOUTS))('%s holds each joint once, with its mirror image', (_, layout) => {
  const names: readonly string[] = layout;
  expect(new Set(names).size).toBe(names.length);
  for (const name of names) expect(names).toContain(mirrored(name));
});

test('a joint’s name without its side', () => {
  expect(['left_wrist', 'right_wrist', 'neck', 'head_top'].map(withoutSide)).toEqual([
    'wrist',
    'wrist',
    'neck',
    'head_top',
  ]);
});

test('every limb joins joints that some layout has', () => {
  const known = new Set<string>(Object.values(LAYOUTS).flat());
  for (const limb of LIMBS) for (const name of limb) expect(known.has(name)).toBe(true);
});
