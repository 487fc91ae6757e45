import { availableParallelism, cpus } from 'node:os';
import { DEVICES, parseDevice, type Device } from '../estimation/device.js';
import type { Ceilings } from '../native/contract.js';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command, Option } from 'commander';
import { describe, headCases } from '../bench/cases.js';
import { benchHead, measureCeilings, type ConvShare, type HeadFigures } from '../bench/head.js';
import { benchNetworkOnDevice, type DeviceFigures } from '../bench/network-device.js';
import { DEVICE_NETWORKS, NETWORKS, type NetworkName } from '../bench/network-job.js';
import { benchNetwork, type NetworkFigures } from '../bench/network.js';
import { benchPipeline, PIPELINE_BUNDLES, type PipelineBundle, type PipelineFigures } from '../bench/pipeline.js';
import { benchStages, type StageReport } from '../bench/stages.js';
import { DEFAULT_BUNDLE } from '../bundle/bundle.js';
import { addon } from '../native/binding.js';
import { findVideos } from '../media/inputs.js';
import { Model, type Method } from '../estimation/model.js';
import { positiveInteger } from '../values.js';
import { argument } from './arguments.js';
import { sayOn, type Terminal } from './terminal.js';

const SAMPLE = fileURLToPath(new URL('../../../samples/walking.mp4', import.meta.url));

interface StageCommandOptions {
  model: string;
  method?: Method;
  device: Device;
  threads: number;
  video: string;
  frames: number;
  json?: boolean;
}

interface NetworkCommandOptions {
  device?: string;
  threads: number;
  only?: NetworkName;
  rounds: number;
  runs: number;
  json?: boolean;
}

interface PipelineCommandOptions {
  threads: number;
  video: string;
  frames?: number;
  only?: PipelineBundle;
  json?: boolean;
}

/** `glpose bench`: how fast this machine runs glpose, against the machine's own ceilings. */
export function benchCommand(terminal: Terminal): Command {
  const bench = new Command('bench').description('measures throughput and latency on this machine');
  bench.addCommand(stagesCommand(terminal), { isDefault: true });
  bench.addCommand(headCommand(terminal));
  bench.addCommand(networkCommand(terminal));
  bench.addCommand(pipelineCommand(terminal));
  return bench;
}

function stagesCommand(terminal: Terminal): Command {
  return new Command('stages')
    .description('every stage of the pipeline by itself, and the whole (what `glpose bench` does by default)')
    .option('--model <name|folder>', 'the bundle', DEFAULT_BUNDLE)
    .addOption(new Option('--method <method>', 'of the whole').choices(['glpose', 'single-frame']))
    .option('--device <device>', DEVICES, argument(parseDevice), 'auto')
    .option('--threads <number>', 'CPU threads', argument(positiveInteger), availableParallelism())
    .option('--video <file>', 'a video with people in it', SAMPLE)
    .option('--frames <number>', 'frames of it to use', argument(positiveInteger), 40)
    .option('--json', 'print one JSON document')
    .addHelpText('after', '\nExample:\n  glpose bench --device cpu --json')
    .action(async (options: StageCommandOptions) => {
      const { threads, json } = options;
      const { videos, failures } = await findVideos([options.video]);
      if (failures.length > 0) throw failures[0].error;
      await using model = await Model.load(options.model, options);
      const ceilings = await measureCeilings(threads);
      const device = model.devices.head ?? 'cpu';
      const deviceCeilings = device === 'cpu' ? ceilings : await addon().ceilings(device);
      const report = await benchStages({
        model,
        video: videos[0],
        device,
        ceilings,
        deviceCeilings,
        frames: options.frames,
        signal: terminal.signal,
      });
      const { isa } = addon().info();
      if (json) {
        const devices = model.devices;
        const machine = { threads, isa, devices, ceilings, deviceCeilings };
        const document = { ...report, video: path.basename(options.video), ...machine };
        terminal.out(`${JSON.stringify(document, null, 2)}\n`);
      } else {
        terminal.out(heading(threads, ceilings));
        if (device !== 'cpu') terminal.out(deviceHeading(device, deviceCeilings));
        terminal.out(stageTable(report, model.method));
      }
    });
}

function headCommand(terminal: Terminal): Command {
  return new Command('head')
    .description('the native head beside ONNX Runtime running the exported one: same weights, inputs and threads')
    .option('--threads <number>', 'threads of either side', argument(positiveInteger), 2)
    .option('--json', 'print one JSON document')
    .addHelpText('after', '\nExample:\n  glpose bench head --threads 2')
    .action(async ({ threads, json }: { threads: number; json?: boolean }) => {
      const ceilings = await measureCeilings(threads);
      const head: Record<string, HeadFigures> = {};
      if (!json) terminal.out(heading(threads, ceilings));
      for (const headCase of await headCases()) {
        const figures = await benchHead(headCase, { threads, ceilings, signal: terminal.signal });
        head[headCase.name] = figures;
        if (!json) terminal.out(`\n${headCase.title}: ${describe(headCase.shape)}\n${headTable(figures)}`);
      }
      if (json) terminal.out(`${JSON.stringify({ head, threads, isa: addon().info().isa, ceilings }, null, 2)}\n`);
    });
}

function networkCommand(terminal: Terminal): Command {
  return new Command('network')
    .description('extractors on glpose’s own kernels beside ONNX Runtime: same file, image and threads')
    .option('--threads <number>', 'threads of either side', positiveInteger, 2)
    .addOption(
      new Option('--only <network>', 'one of them; the detector as a rule on a device only').choices(DEVICE_NETWORKS),
    )
    .option('--rounds <number>', 'turns of either side', positiveInteger, 5)
    .option('--runs <number>', 'crops of a turn', positiveInteger, 8)
    .option('--device <device>', 'crops a second on this one instead: cuda or cuda:<index>', argument(parseDevice))
    .option('--json', 'print one JSON document')
    .addHelpText('after', '\nExample:\n  glpose bench network --threads 2')
    .action(async ({ device, threads, only, rounds, runs, json }: NetworkCommandOptions) => {
      if (device !== undefined) return networksOnDevice(terminal, device, only, runs, json);
      const ceilings = await measureCeilings(threads);
      const onStep = sayOn(terminal);
      const network: Partial<Record<NetworkName, NetworkFigures>> = {};
      if (!json) terminal.out(heading(threads, ceilings));
      for (const name of only ? [only] : NETWORKS) {
        const figures = await benchNetwork(name, { threads, ceilings, rounds, runs, signal: terminal.signal, onStep });
        network[name] = figures;
        if (!json) terminal.out(`\n${name}\n${networkTable(figures)}`);
      }
      if (json) terminal.out(`${JSON.stringify({ network, threads, isa: addon().info().isa, ceilings }, null, 2)}\n`);
    });
}

/** Crops at once, as a GPU may get them. */
const DEVICE_BATCHES = [1, 8, 32];

async function networksOnDevice(
  terminal: Terminal,
  device: string,
  only: NetworkName | undefined,
  runs: number,
  json: boolean | undefined,
): Promise<void> {
  const network: Partial<Record<NetworkName, DeviceFigures>> = {};
  for (const name of only ? [only] : DEVICE_NETWORKS) {
    const where = device === 'cuda' ? 'cuda:0' : device;
    const figures = await benchNetworkOnDevice(name, { device: where, batches: DEVICE_BATCHES, runs });
    network[name] = figures;
    if (!json) terminal.out(`\n${name}, ${where}, NMSE ${figures.nmse.toExponential(1)}\n${deviceTable(figures)}`);
  }
  if (json) terminal.out(`${JSON.stringify({ network }, null, 2)}\n`);
}

function deviceTable({ batches }: DeviceFigures): string {
  const row = (name: string, { milliseconds, cropsPerSecond }: DeviceFigures['batches'][number]['fromFrame']): string =>
    `  ${name.padEnd(28)}${column(milliseconds, 2)}${column(cropsPerSecond, 0)}\n`;
  const rows = batches.flatMap(({ crops, fromFrame, ...crop }) => [
    row(`${crops} at once`, crop),
    row(`${crops} of a new frame`, fromFrame),
  ]);
  return titles('', 'ms', 'crops/s') + rows.join('');
}

function pipelineCommand(terminal: Terminal): Command {
  return new Command('pipeline')
    .description('the whole pipeline beside the paper’s schedule, and beside its own stages')
    .option('--threads <number>', 'threads of either side', argument(positiveInteger), 2)
    .option('--video <file>', 'a video with people in it', SAMPLE)
    .option('--frames <number>', 'frames of it to use; default: all', argument(positiveInteger))
    .addOption(new Option('--only <bundle>', 'one of the two that are measured').choices(PIPELINE_BUNDLES))
    .option('--json', 'print one JSON document')
    .addHelpText('after', '\nExample:\n  glpose bench pipeline --threads 2')
    .action(async ({ threads, video, frames = Infinity, only, json }: PipelineCommandOptions) => {
      const { videos, failures } = await findVideos([video]);
      if (failures.length > 0) throw failures[0].error;
      const onStep = sayOn(terminal);
      const pipeline = await benchPipeline({
        video: videos[0],
        frames,
        threads,
        only,
        signal: terminal.signal,
        onStep,
      });
      const ceilings = await measureCeilings(threads);
      if (json) {
        const document = { pipeline, video: path.basename(video), threads, isa: addon().info().isa, ceilings };
        return terminal.out(`${JSON.stringify(document, null, 2)}\n`);
      }
      terminal.out(heading(threads, ceilings));
      for (const [name, figures] of Object.entries(pipeline)) terminal.out(`\n${name}\n${pipelineTable(figures)}`);
    });
}

function heading(threads: number, { gflops, copyGBPerSecond }: Ceilings): string {
  const cpu = cpus()[0]?.model.trim() ?? 'unknown processor';
  return (
    `${cpu}, ${threads} threads, ${addon().info().isa}; ` +
    `ceilings: ${gflops.toFixed(0)} GFLOP/s float32, ${copyGBPerSecond.toFixed(1)} GB/s copied\n`
  );
}

function deviceHeading(device: string, { gflops, copyGBPerSecond }: Ceilings): string {
  const found = addon()
    .info()
    .cuda.devices.find(({ index }) => device === `cuda:${index}`);
  return (
    `${device} ${found?.name ?? ''}; ceilings: ` +
    `${(gflops / 1e3).toFixed(0)} TFLOP/s float16 on tensor cores, ${copyGBPerSecond.toFixed(0)} GB/s copied\n`
  );
}

const column = (value: number, digits: number): string => value.toFixed(digits).padStart(10);
const titles = (first: string, ...others: string[]): string =>
  `  ${first.padEnd(28)}${others.map((title) => title.padStart(10)).join('')}\n`;

function stageTable({ stages, whole }: StageReport, method: Method): string {
  const lines = stages.map(({ stage, unit, median, p90, p99, perSecond, share }) => {
    const ceiling = share ? `${(100 * share.value).toFixed(0).padStart(5)} % of ${share.of}` : '';
    return `  ${stage.padEnd(28)}${column(median, 3)}${column(p90, 3)}${column(p99, 3)}${column(perSecond, 1)} ${`${unit}/s`.padEnd(9)}${ceiling}\n`;
  });
  const { framesPerSecond, personsPerSecond, joulesPerPerson } = whole;
  const energy = joulesPerPerson === null ? '' : `, ${joulesPerPerson.toFixed(2)} J a person`;
  return (
    titles('stage', 'ms', 'p90', 'p99', 'a second') +
    lines.join('') +
    `  the whole, ${method}: ${framesPerSecond.toFixed(2)} frames/s, ${personsPerSecond.toFixed(2)} persons/s${energy}\n`
  );
}

/** Milliseconds, memory and error of one way to run something. */
const sideLine = (name: string, ms: number, p90: number, mib: number, error: number): string =>
  `  ${name.padEnd(28)}${column(ms, 2)}${column(p90, 2)}${column(mib, 0)}${error.toExponential(1).padStart(10)}\n`;

/** Convolutions by themselves. */
function convTable(convolutions: readonly ConvShare[]): string {
  return [
    titles('convolution', 'ms', 'GMAC', 'of peak'),
    ...convolutions.map(
      ({ name, milliseconds, gmac, shareOfPeak }) =>
        `  ${name.padEnd(28)}${column(milliseconds, 3)}${column(gmac, 3)}${column(100 * shareOfPeak, 0)} %\n`,
    ),
    '  (of peak: multiplications of the definition; above 100 % where Winograd saves more than the rest costs)\n',
  ].join('');
}

function headTable(figures: HeadFigures): string {
  const { native, onnxruntime } = figures;
  return [
    titles('', 'ms', 'p90', 'MiB', 'NMSE'),
    sideLine('ONNX Runtime', onnxruntime.whole, onnxruntime.p90, onnxruntime.memoryMiB, onnxruntime.nmse),
    sideLine('native, ingest + estimate', native.whole, native.p90, native.memoryMiB, figures.nmse),
    `  ${'native, estimate alone'.padEnd(28)}${column(native.estimate, 2)}\n`,
    `  speed ${figures.speed_vs_ort.toFixed(2)}×, peak memory ${figures.memory_vs_ort.toFixed(2)}× of ONNX Runtime's\n`,
    convTable(figures.convolutions),
  ].join('');
}

function networkTable(figures: NetworkFigures): string {
  const { native, onnxruntime, missingOperator } = figures;
  if (!native || !onnxruntime) return `  left to ONNX Runtime: glpose's own kernels lack ${missingOperator}\n`;
  const line = (name: string, { milliseconds, p90, memoryMiB, nmse }: typeof native): string =>
    sideLine(name, milliseconds, p90, memoryMiB, nmse);
  return [
    titles('', 'ms', 'p90', 'MiB', 'NMSE'),
    line('ONNX Runtime', onnxruntime),
    line('own kernels', native),
    `  speed ${figures.speed_vs_ort!.toFixed(2)}× (by the processor's time ${figures.cpu_vs_ort!.toFixed(2)}×), ` +
      `peak memory ${figures.memory_vs_ort!.toFixed(2)}× of ONNX Runtime's\n`,
    convTable(figures.convolutions),
  ].join('');
}

function pipelineTable(figures: PipelineFigures): string {
  const { milliseconds, whole, stages } = figures;
  const ways = [
    ['the paper’s schedule', milliseconds.paper],
    ['--reuse warp', milliseconds.warp],
    ['--reuse warp, int8', milliseconds.int8],
  ] as const;
  const way = ([name, ms]: (typeof ways)[number]): string =>
    ms === null
      ? ''
      : `  ${name.padEnd(28)}${column(ms, 1)}${column(1e3 / ms, 2)}${column(milliseconds.paper / ms, 2)}\n`;
  const stage = ([name, { seconds, cpuSeconds }]: [string, PipelineFigures['whole']]): string =>
    `  ${name.padEnd(28)}${column(seconds, 2)}${column(cpuSeconds, 2)}\n`;
  return (
    titles('', 'ms', 'persons/s', 'speed') +
    ways.map(way).join('') +
    `  ${figures.persons} persons, ${figures.extracted} windows through the extractor\n` +
    titles('stage alone', 's', 'CPU s') +
    Object.entries(stages).map(stage).join('') +
    stage(['the whole, --reuse warp', whole]) +
    `  efficiency ${figures.efficiency.toFixed(3)}, overhead ${(100 * figures.overhead).toFixed(0)} % of the extractor\n`
  );
}
