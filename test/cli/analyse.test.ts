import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { main } from '../../src/cli/main.js';
import { writeResults } from '../../src/formats/results.js';
import type { FramePoses, VideoPoses } from '../../src/types.js';
import { bodyAt, STANDING, videoOf } from '../analysis/movement.js';
import { Browser, describeInChromium } from '../view/page/browser.js';

let dir: string;
beforeEach(() => (dir = mkdtempSync(path.join(os.tmpdir(), 'glpose-analyse-'))));
afterEach(() => rmSync(dir, { recursive: true }));

/** Someone who bends the knees evenly, a degree a frame at 50 frames a second. */
const squat = (): VideoPoses<FramePoses[]> => videoOf(Array.from({ length: 60 }, (_, t) => bodyAt([400, 400], { ...STANDING, knee: 10 + t, hip: t }))); // prettier-ignore

async function glpose(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const said = { out: '', err: '' };
  const code = await main(args, { out: (text) => void (said.out += text), err: (text) => void (said.err += text) });
  return { code, ...said };
}

const table = (...parts: string[]): Record<string, string>[] => {
  const [head, ...rows] = readFileSync(path.join(dir, ...parts), 'utf8').trimEnd().split('\r\n').map((line) => line.split(',')); // prettier-ignore
  return rows.map((row) => Object.fromEntries(head.map((name, i) => [name, row[i]])));
};

describe('glpose analyse', () => {
  it('writes tables, files for OpenSim, a page and what was done', async () => {
    await writeResults(squat(), 'posetrack18', dir);
    const { code, out, err } = await glpose('analyse', dir, '--height', '1.8', '--people', 'largest');
    expect({ code, err }).toEqual({ code: 0, err: expect.stringContaining('does not say where the frames') as string });
    const files = readdirSync(path.join(dir, 'analysis', 'generated')).sort();
    expect(files).toEqual(['analysis.json', 'angles.csv', 'gait.csv', 'person-7.mot', 'person-7.trc', 'plots.html', 'positions.csv'].filter((file) => file !== 'gait.csv')); // prettier-ignore
    expect(out.split('\n')).toHaveLength(files.length + 1);
    const knees = table('analysis', 'generated', 'angles.csv');
    expect(Number(knees[30].left_knee_deg)).toBeCloseTo(40, 2);
    expect(Number(knees[30].left_knee_deg_s)).toBeCloseTo(50, 1);
    expect(JSON.parse(readFileSync(path.join(dir, 'analysis', 'generated', 'analysis.json'), 'utf8'))).toMatchObject({
      video: 'generated',
      options: { butterworth: { cutoff: 6, order: 4 }, minJointScore: 0.2 },
      rate: 50,
      people: [{ trackId: 7, facing: 'right', frames: [0, 59] }],
    });
  });

  it('reads results that say no times with --fps, and says so where nothing does', async () => {
    const old = squat();
    for (const frame of old.frames) frame.timeSeconds = null;
    await writeResults(old, 'posetrack18', dir);
    expect(await glpose('analyse', dir)).toMatchObject({ code: 2, err: expect.stringMatching(/how many frames a second.*--fps/) as string }); // prettier-ignore
    const { code } = await glpose('analyse', dir, '--fps', '25', '--slow-motion', '2', '--no-butterworth');
    expect(code).toBe(0);
    expect(table('analysis', 'generated', 'angles.csv')[10]).toMatchObject({ time: '0.2', left_knee_deg_s: '50' });
  });

  it('of several videos, one that cannot be analysed does not stop the others', async () => {
    await writeResults(squat(), 'posetrack18', dir);
    await writeResults({ ...squat(), name: 'nobody', frames: squat().frames.map((frame) => ({ ...frame, people: [] })) }, 'posetrack18', dir); // prettier-ignore
    const { code, err } = await glpose('analyse', dir);
    expect(code).toBe(1);
    expect(err).toContain('nobody: nobody has nobody who was asked for');
    expect(readdirSync(path.join(dir, 'analysis'))).toEqual(['generated']);
  });

  it.each([
    [['--height', '180'], /Expected metres/],
    [['--height', '1.8', '--known-length', '0,0,1,1,2'], /Give one/],
    [['--known-length', '0,0,0,0,2'], /Expected two places/],
    [['--from', 'soon'], /Expected seconds/],
    [['--people', 'best'], /Expected largest/],
    [['--within', '1,2,3'], /Expected x,y,width,height/],
    [['--butterworth', '6,3'], /even order/],
    [['--min-joint-score', '1.5'], /from 0 to 1/],
  ])('refuses %j', async (args, message) => {
    await writeResults(squat(), 'posetrack18', dir);
    const { code, err } = await glpose('analyse', dir, ...args);
    expect(code).toBe(2);
    expect(err).toMatch(message);
  });
});

describeInChromium('the page of an analysis', () => {
  it('keeps picture, plots and readings in step', async () => {
    await writeResults(squat(), 'posetrack18', dir);
    await glpose('analyse', dir);
    const browser = await Browser.start();
    try {
      const page = await browser.open(path.join(dir, 'analysis', 'generated', 'plots.html'));
      const reading = (): Promise<string | null> => page.locator('figure', { hasText: 'Knee' }).locator('output').first().textContent(); // prettier-ignore
      const cursor = (): Promise<number> => page.locator('figure .cursor').first().evaluate((line) => Number(line.getAttribute('x1'))); // prettier-ignore
      const before = await cursor();
      expect(await reading()).toBe('10');
      for (let i = 0; i < 30; i++) await page.keyboard.press('ArrowRight');
      expect(await page.locator('.clock').textContent()).toContain('frame 30 · 0.600 s');
      expect(await reading()).toBe('40');
      expect(await cursor()).toBeGreaterThan(before + 100);
      expect(await page.locator('.frame svg line').count()).toBeGreaterThan(8);
      const plot = (await page.locator('figure svg').first().boundingBox())!;
      await page.mouse.click(plot.x + plot.width * (44 / 620), plot.y + plot.height / 2); // the left end of the time axis
      expect(await page.locator('.clock').textContent()).toContain('frame 0 ');
      expect(browser.complaints).toEqual([]);
    } finally {
      await browser.close();
    }
  });
});

describe('glpose filter', () => {
  it('writes what was asked for, says what was done, and leaves the results as they are', async () => {
    const noisy = squat();
    noisy.frames[20].people[0].joints[5]!.x += 80;
    noisy.frames[30].people = [];
    await writeResults(noisy, 'posetrack18', dir);
    const before = readFileSync(path.join(dir, 'posetrack18', 'generated.json'));
    const out = path.join(dir, 'calm');
    const run = ['filter', dir, '-o', out, '--hampel', '--fill-gaps', '--format', 'posetrack18,csv', '--from', '10f', '--to', '0.8']; // prettier-ignore
    const { code, out: said } = await glpose(...run);
    expect(code).toBe(0);
    expect(said).toMatch(/31 frames, 31 poses; joints: 0 left out, 1 outlier, 14 filled/);
    expect(readFileSync(path.join(dir, 'posetrack18', 'generated.json'))).toEqual(before);
    const rows = table('calm', 'csv', 'generated.csv');
    expect(rows.map(({ frame }) => Number(frame))).toEqual(Array.from({ length: 31 }, (_, t) => 10 + t));
    expect(rows[0].time).toBe('0.2');
    const { filters } = JSON.parse(readFileSync(path.join(out, 'filters.json'), 'utf8')) as { filters: object[] };
    expect(filters).toMatchObject([{ options: { hampel: { halfWidth: 3, sigmas: 3 }, fillGaps: 10 }, videos: [{ outliers: 1 }] }]); // prettier-ignore
    // once more, on what was filtered: both stand there
    const again = path.join(dir, 'calmer');
    expect((await glpose('filter', out, '-o', again, '--butterworth')).code).toBe(0);
    const both = JSON.parse(readFileSync(path.join(again, 'filters.json'), 'utf8')) as { filters: object[] };
    expect(both.filters).toHaveLength(2);
  });

  it('keeps the run’s record, so that the videos are still found', async () => {
    await writeResults(squat(), 'posetrack18', dir);
    const record = { glpose: '0', model: { sha256: 'x', method: 'glpose' }, options: { model: 'm' }, videos: [{ name: 'generated', path: '/gone.mp4', files: ['posetrack18/generated.json'] }] }; // prettier-ignore
    writeFileSync(path.join(dir, 'run.json'), JSON.stringify(record));
    const out = path.join(dir, 'part');
    expect((await glpose('filter', dir, '-o', out, '--people', '7', '--format', 'coco')).code).toBe(0);
    const kept = JSON.parse(readFileSync(path.join(out, 'run.json'), 'utf8')) as { videos: { path: string }[]; filters: unknown[] }; // prettier-ignore
    expect(kept.videos).toMatchObject([{ name: 'generated', path: '/gone.mp4', files: ['coco/generated.json'] }]);
    expect(kept.filters).toHaveLength(1);
  });

  it('replaces what it left itself with other options, and adds to what is alike; a run of infer it leaves alone', async () => {
    await writeResults(squat(), 'posetrack18', dir);
    await writeResults({ ...squat(), name: 'other' }, 'posetrack18', dir);
    const out = path.join(dir, 'calm');
    const files = (): string[] => (readdirSync(out, { recursive: true }) as string[]).filter((file) => /\w\.(json|csv)$/.test(file)).sort(); // prettier-ignore
    const filter = (...args: string[]): ReturnType<typeof glpose> => glpose('filter', path.join(dir, 'posetrack18'), '-o', out, ...args); // prettier-ignore
    expect((await filter('--hampel', '--format', 'csv', '--name', 'generated')).code).toBe(0);
    expect((await filter('--hampel', '--format', 'csv', '--name', 'other')).code).toBe(0);
    expect(files()).toEqual(['csv/generated.csv', 'csv/other.csv', 'filters.json']);
    expect((await filter('--butterworth', '--format', 'coco', '--name', 'other')).code).toBe(0);
    expect(files()).toEqual(['coco/other.json', 'filters.json']);

    const run = path.join(dir, 'run');
    await writeResults(squat(), 'posetrack18', run);
    writeFileSync(path.join(run, 'run.json'), JSON.stringify({ options: { model: 'm' }, videos: [] }));
    const refused = await glpose('filter', path.join(dir, 'posetrack18'), '-o', run, '--hampel');
    expect(refused).toMatchObject({
      code: 2,
      err: expect.stringContaining('holds the results of glpose infer') as string,
    });
    expect(readdirSync(run).sort()).toEqual(['posetrack18', 'run.json']);
  });

  it('does not write over the results, nor filter twice', async () => {
    await writeResults(squat(), 'posetrack18', dir);
    expect(await glpose('filter', dir, '-o', dir)).toMatchObject({ code: 2, err: expect.stringContaining('itself') as string }); // prettier-ignore
    expect(await glpose('filter', dir, '-o', `${dir}/x`, '--smooth', '--butterworth')).toMatchObject({ code: 2, err: expect.stringContaining('Give one of the two') as string }); // prettier-ignore
  });
});
