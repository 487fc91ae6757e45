import { checkFilters, filterPoses } from '../../src/postprocessing/filter-poses.js';
import type { FramePoses, VideoPoses } from '../../src/types.js';

/** Two people who walk; person 1 is not there in frames 8–10, and their second joint not in 15. */
function video(): VideoPoses<FramePoses[]> {
  const frames = Array.from({ length: 30 }, (_, index): FramePoses => {
    const person = (trackId: number): FramePoses['people'][0] => ({
      trackId, box: { x: 3 * index, y: 50 * trackId, width: 20, height: 40 }, boxScore: 0.5, score: 0.4,
      joints: [
        { x: 3 * index, y: 50 * trackId, score: index === 11 ? 0.3 : 0.8 },
        trackId === 1 && index === 15 ? null : { x: 3 * index + 5, y: 20, score: 0.8 },
        null,
      ],
    }); // prettier-ignore
    const people = index >= 8 && index <= 10 ? [person(0)] : [person(0), person(1)];
    return { index, name: String(index), timeSeconds: index / 30, people };
  });
  return { name: 'two', width: 200, height: 200, fps: 30, joints: ['nose', 'neck', 'left_ear'], frames };
}

test('nothing is done without being asked for', async () => {
  const { video: same, counts } = await filterPoses(video(), {});
  expect(same).toEqual(video());
  expect(counts).toEqual({ dropped: 0, outliers: 0, filled: 0 });
});

test('gaps are filled, people come back, and what is filled is marked', async () => {
  const before = video();
  const { video: filled, counts } = await filterPoses(before, { fillGaps: 5 });
  expect(before).toEqual(video());
  expect(counts.filled).toBe(2 * 3 + 1);
  const back = filled.frames[9].people[1];
  expect(back).toMatchObject({ trackId: 1, box: { x: 27, y: 50, width: 20, height: 40 }, boxScore: 0.5 });
  expect(back.joints[0]).toEqual({ x: 27, y: 50, score: 0.3, estimated: true }); // the lower score of both ends
  expect(back.joints[2]).toBeNull();
  expect(back.score).toBeCloseTo(0.5 * ((0.3 + 0.8) / 2), 12);
  expect(filled.frames[15].people[1].joints[1]).toEqual({ x: 50, y: 20, score: 0.8, estimated: true });
  expect(filled.frames[14].people[1].joints[1]).toEqual({ x: 47, y: 20, score: 0.8 });
  const { video: short } = await filterPoses(video(), { fillGaps: 2 });
  expect(short.frames[9].people).toHaveLength(1);
});

test('outliers, then the low-pass filter; low scores are gone first', async () => {
  const noisy = video();
  noisy.frames[20].people[0].joints[0]!.x += 70;
  const { video: cleaned, counts } = await filterPoses(noisy, {
    minJointScore: 0.5,
    hampel: { halfWidth: 3, sigmas: 3 },
    fillGaps: 3,
    butterworth: { cutoff: 6, order: 4 },
  });
  expect(counts).toMatchObject({ dropped: 2, outliers: 1 });
  expect(Math.abs(cleaned.frames[20].people[0].joints[0]!.x - 60)).toBeLessThan(4);
  expect(cleaned.frames[11].people[0].joints[0]!.x).toBeCloseTo(33, 0);
  expect(cleaned.frames[11].people[0].joints[0]!.estimated).toBe(true);
});

test('a low-pass filter needs to know the time between frames', async () => {
  const untimed = { ...video(), fps: null };
  untimed.frames = untimed.frames.map((frame) => ({ ...frame, timeSeconds: null }));
  await expect(filterPoses(untimed, { butterworth: { cutoff: 6, order: 4 } })).rejects.toThrow(/--fps/);
});

test('what cannot be is said before there are poses', () => {
  const butterworth = { cutoff: 6, order: 4 };
  expect(() => checkFilters('walk', null, { fillGaps: 3 })).toThrow(/how many frames a second walk has.*--fps/);
  expect(() => checkFilters('walk', 12, { butterworth })).toThrow(/cut-off of 6 Hz at 12 frames a second/);
  expect(() => checkFilters('walk', 12.5, { butterworth })).not.toThrow();
  expect(() => checkFilters('walk', null, {})).not.toThrow();
});
