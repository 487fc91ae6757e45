import { copyFile, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { GlposeError } from '../../errors.js';
import { METRICS, type MetricName } from '../../evaluation/metrics.js';
import { readBoxes } from '../../formats/boxes.js';
import { textTable } from '../../evaluation/text-table.js';
import type { Crop } from '../../estimation/crop-net.js';
import { findVideos, type VideoInput } from '../../media/inputs.js';
import { Model, type Method } from '../../estimation/model.js';
import { makeFolderAtomically } from '../../storage/atomic-folder.js';
import { fileNames, loadBundle, type Bundle } from '../../bundle/bundle.js';
import type { BundleConfigFile } from '../../bundle/config.js';
import { headline, measureAccuracy, type AccuracyOptions } from './accuracy.js';
import { compareNetworks, type Comparison } from './comparison.js';
import { drawCrops } from './crops.js';
import { quantizeNetwork, type QuantizeType } from './quantize-network.js';

export type { QuantizeType } from './quantize-network.js';

/** Defaults of the command, in one place. */
export const QUANTIZE_DEFAULTS = { type: 'int8', metric: 'pckh', maxDrop: 0.5, crops: 40 } as const;
/** Crops that the result is compared on, for each one that it was calibrated on. */
const CHECK_SHARE = 1 / 4;

export interface QuantizeOptions {
  /** Videos or frame folders of people, such as the network will see; see `findVideos`. */
  calibrate: readonly string[];
  type?: QuantizeType;
  /** Annotations of those videos; without them the accuracy is not measured and not limited. */
  annotations?: string;
  metric?: MetricName;
  /** Points of the metric's mean that may be lost. */
  maxDrop?: number;
  /** Crops to calibrate with. */
  crops?: number;
  /** A file of person boxes, for bundles without a detector. */
  boxes?: string;
  /** CPU threads where accuracy is measured. Default: all cores. */
  threads?: number;
  signal?: AbortSignal;
  /** Takes what is being done, in words. */
  onStep?(step: string): void;
}

/** One network of the bundle, before and after. */
export interface NetworkReport extends Comparison {
  file: string;
  bytes: { before: number; after: number };
  /** Operators that run on integers. */
  integerOperators: number;
}

/** What one way of estimating lost, in points of the metric's mean. */
export interface AccuracyReport {
  method: Method;
  metric: MetricName;
  before: number;
  after: number;
  drop: number;
  /** Every figure of either, for people. */
  table: string;
}

export interface QuantizeReport {
  dir: string;
  type: QuantizeType;
  /** Crops that served to calibrate and, others, to compare. */
  crops: { calibration: number; check: number };
  networks: NetworkReport[];
  /** Empty where there were no annotations. */
  accuracy: AccuracyReport[];
}

/**
 * Makes a new bundle whose extractor (and network of its own poses, where that is another file) is smaller or faster; detector,
 * head and everything else are taken over. The folder appears whole or not at all.
 * @param nameOrPath the bundle, see `loadBundle`
 * @param dir the folder to make; must not exist
 * @throws MODEL where the networks cannot be quantised or lose more than `maxDrop`; INPUT, ANNOTATION, OUTPUT
 */
export async function quantizeBundle(
  nameOrPath: string,
  dir: string,
  options: QuantizeOptions,
): Promise<QuantizeReport> {
  const { type, metric, maxDrop, crops: wanted } = { ...QUANTIZE_DEFAULTS, ...options };
  const { annotations, threads, signal, onStep } = options;
  const bundle = await loadBundle(nameOrPath);
  if (await stat(dir).catch(() => undefined)) {
    throw new GlposeError('OUTPUT', `${dir} exists already`, 'Remove it, or name another folder with --out.');
  }
  const boxes = options.boxes === undefined ? undefined : readBoxes(options.boxes);
  const evaluate =
    annotations === undefined ? undefined : METRICS[metric].prepare(annotations, { allowMissing: true, tracks: false });
  const { videos, failures, warnings } = await findVideos(options.calibrate);
  if (failures.length > 0) throw failures[0].error;
  warnings.forEach((warning) => onStep?.(warning));

  onStep?.(`looking for people in ${videos.map(({ name }) => name).join(', ')}`);
  const drawn = await cropsOf(bundle, videos, { count: Math.ceil(wanted * (1 + CHECK_SHARE)), boxes, signal });
  const { calibration, check } = split(drawn);

  return makeFolderAtomically(dir, async (temporary) => {
    await takeOver(bundle, temporary, dir, type);
    const networks: NetworkReport[] = [];
    for (const file of networkFiles(bundle)) {
      onStep?.(`${type === 'int8' ? `calibrating ${file} on ${calibration.length} crops` : `converting ${file}`}`);
      networks.push(await convert(bundle, temporary, file, type, { calibration, check, signal }));
    }
    const accuracy: AccuracyReport[] = [];
    if (annotations !== undefined && evaluate) {
      for (const method of methodsOf(bundle)) {
        onStep?.(`measuring the accuracy of ${method} before and after`);
        const scoring = { annotations, metric, evaluate, boxes, threads, signal };
        accuracy.push(await compareAccuracy(bundle.dir, temporary, method, videos, scoring));
      }
    }
    const crops = { calibration: calibration.length, check: check.length };
    const report: QuantizeReport = { dir, type, crops, networks, accuracy };
    refuseLoss(report, maxDrop);
    await writeFile(path.join(temporary, 'README.md'), await modelCard(bundle, report, videos));
    return report;
  });
}

async function cropsOf(
  bundle: Bundle,
  videos: readonly VideoInput[],
  options: Parameters<typeof drawCrops>[2],
): Promise<Crop[]> {
  if (!bundle.config.detector && !options.boxes) {
    const problem = `bundle ${bundle.config.name} has no person detector`;
    throw new GlposeError('USAGE', problem, 'Give person boxes with --boxes <file>.');
  }
  await using model = await Model.load(bundle.dir, { method: 'single-frame', device: 'cpu' });
  return await drawCrops(videos, model, options); // before the model goes
}

/** Every few crops one is kept for the comparison; a lone one serves both. */
function split(crops: readonly Crop[]): { calibration: Crop[]; check: Crop[] } {
  const every = 1 + 1 / CHECK_SHARE;
  const isCheck = (i: number): boolean => i % every === every - 1;
  const calibration = crops.filter((_, i) => !isCheck(i));
  const check = crops.filter((_, i) => isCheck(i));
  return { calibration, check: check.length > 0 ? check : calibration };
}

/** The files to convert: the extractor, and the network of the bundle's own poses. */
function networkFiles({ extractorFile, ownPoseFile }: Bundle): string[] {
  const files = [extractorFile, ownPoseFile ?? extractorFile];
  return [...new Set(files.map((file) => path.basename(file)))];
}

/** The outputs that the bundle uses of one of its networks. */
function outputsOf({ config: { extractor } }: Bundle, file: string): string[] {
  const { features, ownPose } = extractor;
  const outputs = file === extractor.file ? [features.output] : [];
  if (ownPose.kind === 'movenet') outputs.push(...Object.values(ownPose.outputs));
  else if (ownPose.file === file) outputs.push(ownPose.output);
  return outputs;
}

async function convert(
  bundle: Bundle,
  temporary: string,
  file: string,
  type: QuantizeType,
  { calibration, check, signal }: { calibration: Crop[]; check: Crop[]; signal?: AbortSignal },
): Promise<NetworkReport> {
  const { input } = bundle.config.extractor;
  const [source, target] = [path.join(bundle.dir, file), path.join(temporary, file)];
  const integerOperators = await quantizeNetwork(source, target, type, { input, crops: calibration, signal });
  const [before, after] = await Promise.all([source, target].map(async (name) => (await stat(name)).size));
  const comparison = await compareNetworks(source, target, input, outputsOf(bundle, file), check);
  return { file, bytes: { before, after }, integerOperators, ...comparison };
}

/** An untrained head has no poses to compare. */
function methodsOf({ config }: Bundle): Method[] {
  return config.head?.trained ? ['glpose', 'single-frame'] : ['single-frame'];
}

async function compareAccuracy(
  source: string,
  target: string,
  method: Method,
  videos: readonly VideoInput[],
  options: AccuracyOptions & { annotations: string },
): Promise<AccuracyReport> {
  const before = await measureAccuracy(source, method, videos, options);
  const after = await measureAccuracy(target, method, videos, options);
  const [was, is] = [before, after].map((evaluation) => headline(evaluation, options.annotations));
  const rows = [
    { ...before.table.rows[0], name: 'before' },
    { ...after.table.rows[0], name: 'after' },
  ];
  const table = textTable(before.table.headings, rows);
  return { method, metric: options.metric, before: was, after: is, drop: was - is, table };
}

function refuseLoss({ type, accuracy }: QuantizeReport, maxDrop: number): void {
  for (const { method, metric, before, after, drop } of accuracy) {
    if (drop <= maxDrop) continue;
    const loss = `${type} loses ${drop.toFixed(2)} points of ${metric} (${before.toFixed(2)} → ${after.toFixed(2)})`;
    throw new GlposeError(
      'MODEL',
      `${loss} with ${method}, more than the ${maxDrop} of --max-drop: nothing was written`,
      'Calibrate with more crops of footage like yours, take --type float16, or allow more.',
    );
  }
}

/** Copies what stays as it is, with a config.json that says what became of the rest. */
async function takeOver(bundle: Bundle, temporary: string, dir: string, type: QuantizeType): Promise<void> {
  const converted = new Set(['config.json', ...networkFiles(bundle)]);
  const terms = (await readdir(bundle.dir)).filter((name) => /^(LICEN[CS]E|NOTICE)/i.test(name));
  for (const name of [...fileNames(bundle.config).filter((name) => !converted.has(name)), ...terms]) {
    await copyFile(path.join(bundle.dir, name), path.join(temporary, name));
  }
  const config = JSON.parse(await readFile(path.join(bundle.dir, 'config.json'), 'utf8')) as BundleConfigFile;
  const name = path.basename(dir).replace(/[^A-Za-z0-9._-]|^[._-]+/g, '') || `${config.name}-${type}`;
  const renamed = { ...config, name, description: `${config.description} (${type})` };
  await writeFile(path.join(temporary, 'config.json'), `${JSON.stringify(renamed, null, 2)}\n`);
}

async function modelCard(bundle: Bundle, report: QuantizeReport, videos: readonly VideoInput[]): Promise<string> {
  const { type, crops, networks, accuracy } = report;
  const names = videos.map(({ path: file }) => path.basename(file)).join(', ');
  const changed = networks.map(({ file, nmse, bytes }) => {
    const errors = Object.entries(nmse).map(([output, value]) => `\`${output}\` ${value.toExponential(1)}`);
    return `* \`${file}\`: ${megabytes(bytes.before)} → ${megabytes(bytes.after)}; NMSE on ${crops.check} crops: ${errors.join(', ')}`;
  });
  const scores = accuracy.map(
    ({ method, metric, before, after }) =>
      `* Accuracy of ${method} (${metric}, mean): ${before.toFixed(2)} before, ${after.toFixed(2)} after`,
  );
  const original = await readFile(path.join(bundle.dir, 'README.md'), 'utf8').catch(() => '');
  return `# ${path.basename(report.dir)}

Made by \`glpose models quantize --type ${type}\` from ${bundle.config.name} (SHA-256 of the bundle: ${await bundle.sha256()}), with
crops of people from ${names}.

${[...changed, ...scores].join('\n')}
${accuracy.length === 0 ? '* Its accuracy was not measured: there were no annotations\n' : ''}
${original === '' ? '' : `What follows is the card of the bundle that it was made from.\n\n${original}`}`;
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
