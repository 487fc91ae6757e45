import { analyseVideo } from '../../src/analysis/analyse.js';
import { GlposeError } from '../../src/errors.js';
import { BODY_HEIGHT, bodyAt, STANDING, videoOf } from './movement.js';

const FPS = 50;
/** Seconds of a stride and the share of it that a foot is on the ground. */
const [STRIDE, STANCE] = [1.2, 0.62];
/** Pixels a second. */
const SPEED = 150;

/** The ankle's way before the hips, in −1 … 1: backwards evenly while the foot stands, forwards in the swing. */
function swing(phase: number): number {
  const p = ((phase % 1) + 1) % 1;
  return p < STANCE ? Math.cos((Math.PI * p) / STANCE) : -Math.cos((Math.PI * (p - STANCE)) / (1 - STANCE));
}

/** A walker who looks right; the left foot comes down at 0.3 s, the right one half a stride later. */
const walk = Array.from({ length: 300 }, (_, t) => {
  const seconds = t / FPS;
  const leg = (phase: number): typeof STANDING => ({ ...STANDING, hip: 25 * swing(phase), knee: 8 });
  return bodyAt([100 + SPEED * seconds, 400], leg((seconds - 0.3) / STRIDE), leg((seconds - 0.3) / STRIDE - 0.5));
});

test('contacts, cadence, stance and steps of a walker', () => {
  const [{ gait }] = analyseVideo(videoOf(walk, FPS)).people;
  const contacts = gait!.events.filter(({ kind }) => kind === 'contact');
  expect(contacts.map(({ side }) => side)).toEqual(Array.from({ length: contacts.length }, (_, i) => (i % 2 === 0 ? 'left' : 'right'))); // prettier-ignore
  expect(contacts).toHaveLength(10); // 0.3, 0.9 … 5.7 s
  contacts.forEach(({ seconds }, i) => expect(Math.abs(seconds - (0.3 + 0.6 * i))).toBeLessThanOrEqual(1 / FPS));
  expect(gait!.cadence).toBeCloseTo(100, 0);
  expect(gait!.steps).toHaveLength(9);
  gait!.stances.forEach(({ seconds, share }) => {
    expect(Math.abs(seconds - STANCE * STRIDE)).toBeLessThanOrEqual(2 / FPS);
    if (share !== null) expect(Math.abs(share - STANCE)).toBeLessThan(0.04);
  });
  expect(gait!.stances.length).toBeGreaterThanOrEqual(8);
});

test('slow motion: times shrink, speeds and cadence grow', () => {
  const slow = analyseVideo(videoOf(walk, FPS), { slowMotion: 4 });
  const [person] = slow.people;
  expect(slow.rate).toBeCloseTo(200, 9);
  expect(person.times[100]).toBeCloseTo(0.5, 9);
  expect(person.gait!.cadence).toBeCloseTo(400, -1);
  expect(person.speeds.get('mid_hips')![150]).toBeCloseTo(4 * SPEED, 6);
});

test('the scale from the height of the body, and from a known length', () => {
  const byHeight = analyseVideo(videoOf(walk, FPS), { scale: { height: 1.8 } });
  expect(byHeight.metresPerPixel).toBeCloseTo(1.8 / BODY_HEIGHT, 3);
  const scale = { metres: 3, from: { x: 0, y: 0 }, to: { x: 300, y: 400 } };
  expect(analyseVideo(videoOf(walk, FPS), { scale }).metresPerPixel).toBeCloseTo(3 / 500, 12);
  expect(() => analyseVideo(videoOf(walk, FPS), { scale: { height: 1.8, trackId: 3 } })).toThrow(
    /person 3 .* Analysed are 7/,
  );
});

test('a part of the video: filtered with what lies beside it, numbered as before', () => {
  const low = { butterworth: { cutoff: 6, order: 4 } };
  const whole = analyseVideo(videoOf(walk, FPS), low).people[0];
  const part = analyseVideo(videoOf(walk, FPS), { ...low, ranges: [{ from: { seconds: 2 }, to: { frame: 120 } }] })
    .people[0];
  expect([...part.frames]).toEqual(Array.from({ length: 21 }, (_, t) => 100 + t));
  expect(part.times[0]).toBeCloseTo(2, 9);
  expect([...part.points.get('left_ankle')!.x]).toEqual([...whole.points.get('left_ankle')!.x.slice(100, 121)]);
});

test('what cannot be analysed says why', () => {
  const video = videoOf(walk, FPS);
  expect(() => analyseVideo(video, { people: { kind: 'ids', ids: [1] } })).toThrow(
    /nobody who was asked for. It has, the largest first: 7/,
  );
  expect(() => analyseVideo(video, { ranges: [{ from: { seconds: 9 }, to: null }] })).toThrow(
    /no poses in the asked-for part/,
  );
  expect(() => analyseVideo(video, { butterworth: { cutoff: 30, order: 4 } })).toThrow(/cut-off of 30 Hz at 50 frames/);
  const still = { ...video, fps: null, frames: video.frames.map((frame) => ({ ...frame, timeSeconds: null })) };
  expect(() => analyseVideo(still)).toThrow(GlposeError);
  expect(() => analyseVideo(still)).toThrow(/--fps/);
});

test('uneven time stamps: speeds go by them, and it is said', () => {
  const uneven = videoOf(walk, FPS);
  uneven.frames.splice(100, 3); // three frames are not there
  const analysis = analyseVideo(uneven);
  expect(analysis.people[0].speeds.get('mid_hips')![98]).toBeCloseTo(SPEED, 6);
  const late = videoOf(walk, FPS);
  for (const frame of late.frames.slice(100)) frame.timeSeconds! += 0.1;
  expect(analyseVideo(late).warnings).toEqual([expect.stringContaining('not evenly spaced')]);
});
