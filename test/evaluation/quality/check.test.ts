import { checkPoses, QualityCheck } from '../../../src/evaluation/quality/check.js';
import { doubledPairs } from '../../../src/evaluation/quality/doubled.js';
import { MAX_PROBLEMS, summaryOf, type Quality } from '../../../src/evaluation/quality/problem.js';
import type { LabelledPose } from '../../../src/formats/pose-sequence.js';
import { COCO_JOINTS } from '../../../src/joints.js';

const SIZE = { width: 640, height: 480 };

interface Person {
  id: number | null;
  /** The box's top left corner; it is 60 × 120. */
  at: [number, number];
  score?: number;
  /** Pixels by which a joint is elsewhere. */
  moved?: Partial<Record<(typeof COCO_JOINTS)[number], [number, number]>>;
  boxless?: boolean;
  boxScore?: number;
}

/** Joints in columns of three, from the head down. */
function pose({ id, at: [x, y], score = 0.8, moved = {}, boxless, boxScore }: Person): LabelledPose {
  const joints = COCO_JOINTS.flatMap((name, k) => {
    const [dx, dy] = moved[name] ?? [0, 0];
    return [x + 20 * (k % 3) + 10 + dx, y + 7 * k + dy, score];
  });
  const box = boxless ? null : { x, y, width: 60, height: 120 };
  return {
    joints: Float64Array.from(joints),
    trackId: id,
    headBox: null,
    box,
    boxScore,
    area: null,
    crowd: false,
    score,
  };
}

/** Checks frames, each a list of people. */
function check(frames: Person[][], size: { width: number; height: number } | null = SIZE, step = 1): Quality {
  const quality = new QualityCheck(COCO_JOINTS, size);
  frames.forEach((people, frame) => quality.next({ index: frame * step, people: people.map(pose) }));
  return quality.end();
}

test('nobody ends or begins, and nothing jumps, where another part of the video begins', () => {
  const quality = new QualityCheck(COCO_JOINTS, SIZE);
  const see = (index: number, ...people: Person[]): void => quality.next({ index, people: people.map(pose) });
  const there = (id: number): Person => ({ id, at: [200, 200] });
  for (const index of [10, 12, 14, 16, 18, 20]) see(index, there(0), { id: 7, at: [400, 200] });
  for (const index of [30, 32, 34, 36]) see(index, there(1), { id: 7, at: [300, 100], moved: { left_wrist: [90, 0] } });
  for (const index of [38, 40, 42, 44, 46]) see(index, { id: 7, at: [300, 100], moved: { left_wrist: [90, 0] } });
  expect(quality.end().problems).toEqual([{ kind: 'ends', from: 36, to: 36, tracks: [1] }]);
});

/** The same people in so many frames. */
const still = (frames: number, ...people: Person[]): Person[][] => Array.from({ length: frames }, () => people);

describe('doubled skeletons', () => {
  const [a, b]: Person[] = [{ id: 0, at: [200, 200] }, { id: 1, at: [204, 201] }]; // prettier-ignore

  it('are those of arms and legs in the same places, by the size of the people', () => {
    // All joints 10 px apart; κ² of the limbs' joints as in COCO, area 60 · 120.
    const squares = [0.079, 0.079, 0.072, 0.072, 0.062, 0.062, 0.107, 0.107, 0.087, 0.087, 0.089, 0.089].map((sigma) => (2 * sigma) ** 2); // prettier-ignore
    const expected = squares.reduce((sum, square) => sum + Math.exp(-100 / (2 * square * 7200)), 0) / 12;
    const people = [a, { id: 1, at: [210, 200] } satisfies Person].map(pose);
    expect(doubledPairs(people, COCO_JOINTS)).toEqual([
      { first: 0, second: 1, similarity: expect.closeTo(expected, 12) },
    ]);
    expect(doubledPairs([a, { id: 1, at: [230, 200] } satisfies Person].map(pose), COCO_JOINTS)).toEqual([]);
  });

  it('are told of poses without boxes, and not of two that hardly share a joint', () => {
    const people = [pose({ ...a, boxless: true }), pose({ ...b, boxless: true })];
    expect(doubledPairs(people, COCO_JOINTS)).toHaveLength(1);
    for (let k = 5; k < 12; k++) people[1].joints[3 * k] = NaN; // five limb joints are left
    expect(doubledPairs(people, COCO_JOINTS)).toEqual([]);
  });

  it('are one problem as long as they last, short breaks and all', () => {
    const apart: Person[] = [a, { id: 1, at: [300, 200] }];
    const frames = [...still(3, ...apart), ...still(2, b, a), ...still(2, ...apart), ...still(4, a, b), ...still(4, ...apart)]; // prettier-ignore
    const { problems, counts, doubledPoses, poses } = check(frames);
    expect(problems.filter(({ kind }) => kind === 'doubled')).toEqual([{ kind: 'doubled', from: 3, to: 10, tracks: [0, 1] }]); // prettier-ignore
    expect(counts.doubled).toEqual({ problems: 1, frames: 6 });
    expect([doubledPoses, poses]).toEqual([12, 30]);
  });
});

describe('tracks', () => {
  const middle: Person = { id: 4, at: [300, 200] };
  const kinds = ({ problems }: Quality): unknown[] => problems.map(({ kind, from, to }) => [kind, from, to]);

  it('begin and end in the middle of the picture', () => {
    const frames = [...still(2), ...still(8, middle), ...still(3)];
    expect(kinds(check(frames))).toEqual([['begins', 2, 2], ['ends', 9, 9]]); // prettier-ignore
    expect(kinds(check(frames, SIZE, 5))).toEqual([['begins', 10, 10], ['ends', 45, 45]]); // prettier-ignore
    expect(kinds(check(frames, null))).toEqual([]);
  });

  it('may begin and end with the video, at the edge, and where somebody moves through it', () => {
    expect(kinds(check(still(8, middle)))).toEqual([]);
    expect(kinds(check([...still(1), ...still(8, { id: 4, at: [5, 200] }), ...still(1)]))).toEqual([]);
    const runs = Array.from({ length: 12 }, (_, t): Person[] => [{ id: 4, at: [80 + 40 * t, 200] }]);
    expect(kinds(check([...still(2), ...runs, ...still(2)]))).toEqual([]);
    const walks = Array.from({ length: 12 }, (_, t): Person[] => [{ id: 4, at: [200 + 4 * t, 200] }]);
    expect(kinds(check([...still(2), ...walks, ...still(2)]))).toEqual([['begins', 2, 2], ['ends', 13, 13]]); // prettier-ignore
  });

  it('are brief, and have gaps', () => {
    expect(kinds(check([...still(2), ...still(4, middle), ...still(2)]))).toEqual([['brief', 2, 5]]);
    const { problems, counts } = check([...still(3, middle), ...still(3), ...still(3, middle), ...still(2), ...still(3, middle)]); // prettier-ignore
    expect(problems).toEqual([{ kind: 'gap', from: 3, to: 5, tracks: [4] }]); // two frames are none
    expect(counts.gap).toEqual({ problems: 1, frames: 3 });
  });

  it('are not made up where nobody is tracked', () => {
    const people = still(6, { id: null, at: [300, 200], score: 0.1 }, { id: null, at: [302, 200], score: 0.1 });
    expect(check([...still(2), ...people, ...still(2)]).problems).toEqual([
      { kind: 'doubled', from: 2, to: 7, tracks: [] },
      { kind: 'unsure', from: 2, to: 7, tracks: [] },
    ]);
  });
});

describe('joints', () => {
  const person = (more: Partial<Person>, x = 300): Person[] => [{ id: 2, at: [x, 200], ...more }];

  it('jump against the others, however fast the whole person is', () => {
    const frames = [person({}), person({}, 380), person({ moved: { left_knee: [43, 0] } }, 460), person({ moved: { left_knee: [43, 0], left_wrist: [0, -50] } }, 540)]; // prettier-ignore
    expect(check(frames).problems).toEqual([{ kind: 'jump', from: 2, to: 3, tracks: [2], joints: ['left_knee', 'left_wrist'] }]); // prettier-ignore
    expect(check([person({}), person({ moved: { left_knee: [41, 0] } })]).problems).toEqual([]); // 0.35 · 120
  });

  it('may come farther where frames are left out between them', () => {
    const everyFifth = (pixels: number): Quality => check([person({}), person({ moved: { left_wrist: [pixels, 0] } })], SIZE, 5); // prettier-ignore
    expect(everyFifth(89).problems).toEqual([]); // (0.35 + 4 · 0.1) · 120 = 90
    expect(everyFifth(91).problems).toEqual([{ kind: 'jump', from: 5, to: 5, tracks: [2], joints: ['left_wrist'] }]);
  });

  it('of low scores do not: nobody draws them', () => {
    const low = (moved: Person['moved']): Person[] => person({ moved, score: 0.19 });
    expect(check([low({}), low({ left_knee: [80, 0] })]).problems).toEqual([]);
    // PoseTrack files multiply joint scores by the box's.
    const weighed = (moved: Person['moved']): Person[] => person({ moved, score: 0.19, boxScore: 0.5 });
    expect(check([weighed({}), weighed({ left_knee: [80, 0] })]).problems).toHaveLength(1);
  });

  it('have low scores for five frames or longer', () => {
    const low = (frames: number): Quality => check([...still(3, ...person({})), ...still(frames, ...person({ score: 0.14 })), ...still(3, ...person({}))]); // prettier-ignore
    expect(low(4).problems).toEqual([]);
    expect(low(5).problems).toEqual([{ kind: 'unsure', from: 3, to: 7, tracks: [2] }]);
    expect(check(still(9, ...person({ score: 1 }))).problems).toEqual([]); // flags of annotations
  });
});

it('counts everything, and lists the first thousand in order of time', () => {
  const frames = Array.from({ length: 5000 }, (_, t): Person[] => [{ id: 0, at: [300, 200], moved: t % 4 === 0 ? { left_hip: [0, 90] } : {} }]); // prettier-ignore
  const spaced = frames.flatMap((frame) => [frame, ...still(4, { id: 0, at: [300, 200] })]);
  const { problems, counts } = check(spaced);
  expect(counts.jump.problems).toBe(1250);
  expect(problems).toHaveLength(MAX_PROBLEMS);
  expect(problems[0].from).toBe(0 + 1);
});

it('takes estimated poses as they are, and sums up in a line', () => {
  const joints = (x: number): { x: number; y: number; score: number }[] => COCO_JOINTS.map((_, k) => ({ x: x + 20 * (k % 3), y: 200 + 7 * k, score: 0.05 })); // prettier-ignore
  const people = [100, 102].map((x, trackId) => ({ trackId, box: { x, y: 200, width: 60, height: 120 }, boxScore: 0.9, score: 0.5, joints: joints(x) })); // prettier-ignore
  const frames = Array.from({ length: 6 }, (_, index) => ({ index, name: String(index), timeSeconds: null, people }));
  const quality = checkPoses({ name: 'v', ...SIZE, fps: 25, joints: COCO_JOINTS, frames });
  expect(summaryOf(quality)).toBe(
    '3 places to look at: 1 doubled skeleton (6 frames), 2 spells of low scores (12 frames)',
  );
  expect(summaryOf(check(still(3)))).toBe('');
});
