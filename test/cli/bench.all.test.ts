import type { PipelineFigures } from '../../src/bench/pipeline.js';
import { main } from '../../src/cli/main.js';
import { addon } from '../../src/native/binding.js';

async function run(...argv: string[]): Promise<{ code: number; out: string; err: string }> {
  let out = '';
  let err = '';
  const code = await main(['bench', ...argv], { out: (text) => (out += text), err: (text) => (err += text) });
  return { code, out, err };
}

const gpu = addon().info().cuda.devices.length > 0;

(gpu ? test.skip : test)(
  '--device cuda without a device exits 3, saying so (skipped where there is a GPU)',
  async () => {
    const { code, out, err } = await run('--device', 'cuda');
    expect(code).toBe(3);
    expect(out).toBe('');
    expect(err).toContain('no CUDA device for --device cuda');
  },
);

test('measures every stage of a clip, as JSON', async () => {
  const { code, out, err } = await run('--device', 'cpu', '--frames', '2', '--threads', '2', '--json');
  expect(err).toBe('');
  expect(code).toBe(0);
  const report = JSON.parse(out) as { stages: Record<string, unknown>[]; whole: Record<string, number> };
  expect(report.stages.map(({ stage }) => stage)).toEqual([
    'decode',
    'detector',
    'crop',
    'extractor',
    'ingest',
    'head, 1 at once',
    'head, 8 at once',
    'joints (dark)',
    'write',
  ]);
  for (const { median, p90, perSecond } of report.stages as Record<'median' | 'p90' | 'perSecond', number>[]) {
    expect(median).toBeGreaterThan(0);
    expect(p90).toBeGreaterThanOrEqual(median);
    expect(perSecond).toBeCloseTo(1e3 / median, 6);
  }
  expect(report.whole.framesPerSecond).toBeGreaterThan(0);
});

test('measures the pipeline beside the paper’s schedule, whose poses it checks, as JSON', async () => {
  const { code, out, err } = await run('pipeline', '--frames', '8', '--only', 'default', '--json');
  expect(err).toContain("the paper's schedule");
  expect(code).toBe(0);
  const { pipeline } = JSON.parse(out) as { pipeline: Record<string, PipelineFigures> };
  const { persons, extracted, milliseconds, whole, stages, ...figures } = pipeline.default;
  expect(persons).toBeGreaterThan(40);
  expect(extracted).toBeGreaterThanOrEqual(persons);
  expect(figures.warp_vs_paper).toBeCloseTo(milliseconds.paper / milliseconds.warp, 6);
  expect(milliseconds.warp).toBeCloseTo((1e3 * whole.seconds) / persons, 6);
  expect(figures.overhead).toBeCloseTo((whole.seconds - stages.detector.seconds) / stages.extractor.seconds - 1, 6);
  for (const { seconds, cpuSeconds } of Object.values(stages)) expect(Math.min(seconds, cpuSeconds)).toBeGreaterThan(0);
});

test.each([
  [['--video', '/nonexistent.mp4'], 1],
  [['--model', '/nonexistent'], 2],
  [['--threads', '0'], 2],
])('%j exits %d', async (argv, code) => {
  const result = await run(...argv);
  expect(result.code).toBe(code);
  expect(result.err).not.toBe('');
});
