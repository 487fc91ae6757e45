import { createHash } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { readFile, readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { GlposeError, messageOf } from '../errors.js';
import type { HeadShape, Tensor } from '../native/contract.js';
import { bundleConfigSchema, type BundleConfig } from './config.js';
import { checkHeadTensors } from './head-tensors.js';
import { parseSafetensors } from './safetensors.js';

/** The bundles that come with the package. */
export const MODELS_DIR = fileURLToPath(new URL('../../../models', import.meta.url));

export const DEFAULT_BUNDLE = 'glpose-movenet';

/** A model: one folder with config.json and the files that it names, all of which exist. */
export interface Bundle {
  /** Absolute path of the folder. */
  dir: string;
  config: BundleConfig;
  /** Absolute paths. */
  extractorFile: string;
  detectorFile?: string;
  headFile?: string;
  /** The net for the single-frame baseline where it is not the extractor's own file. */
  ownPoseFile?: string;
  /**
   * Identifies the bundle: SHA-256, in hex, of what `sha256sum` prints for config.json and the files that it names,
   * sorted by name. Computed at the first call.
   */
  sha256(): Promise<string>;
  /**
   * The head's tensors, as float32, BatchNorm not folded, checked against the config.
   * @throws MODEL where the bundle has no head, or its file is damaged or does not fit
   */
  loadHead(): Promise<Record<string, Tensor>>;
}

/**
 * Opens a bundle and checks its config; the weights are read when they are used.
 * @param nameOrPath a name that `glpose models list` shows, or a bundle's folder
 * @throws MODEL where there is no such bundle, its config is wrong or a file is missing
 */
export async function loadBundle(nameOrPath: string): Promise<Bundle> {
  const dir = await findBundle(nameOrPath);
  const config = await readConfig(path.join(dir, 'config.json'));
  const place = async (name: string): Promise<string> => {
    const file = path.join(dir, name);
    const found = await stat(file).catch(() => undefined);
    if (!found?.isFile()) {
      const remedy = 'Copy the whole bundle folder, or import the model again.';
      throw new GlposeError('MODEL', `${file} is missing, though config.json names it`, remedy);
    }
    return file;
  };
  const { extractor, detector, head } = config;
  let digest: Promise<string> | undefined;
  const bundle: Bundle = {
    dir,
    config,
    extractorFile: await place(extractor.file),
    sha256: () => (digest ??= sha256OfFiles(dir, fileNames(config))),
    loadHead: () => loadHead(bundle),
  };
  if (detector) bundle.detectorFile = await place(detector.file);
  if (head) bundle.headFile = await place(head.file);
  if (extractor.ownPose.kind === 'heatmaps') bundle.ownPoseFile = await place(extractor.ownPose.file);
  return bundle;
}

/** Names of the bundles that come with the package, sorted. */
export async function shippedBundles(): Promise<string[]> {
  const entries = await readdir(MODELS_DIR, { withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => entry.isDirectory() && existsSync(path.join(MODELS_DIR, entry.name, 'config.json')))
    .map((entry) => entry.name)
    .sort();
}

/** The files of a bundle: config.json and those it names, sorted. */
export function fileNames(config: BundleConfig): string[] {
  const { extractor, detector, head } = config;
  const names = ['config.json', extractor.file];
  if (detector) names.push(detector.file);
  if (head) names.push(head.file);
  if (extractor.ownPose.kind === 'heatmaps') names.push(extractor.ownPose.file);
  return [...new Set(names)].sort();
}

/**
 * The shape of the head, as the native addon takes it.
 * @throws MODEL where the bundle has no head
 */
export function headShape(config: BundleConfig): HeadShape {
  const { features } = config.extractor;
  const head = requireHead(config);
  return {
    channels: features.channels,
    height: features.height,
    width: features.width,
    blockWidth: head.blockWidth,
    joints: head.joints.length,
    k: head.k,
    n: head.n,
    enhancement: head.enhancement,
    enhancementBlocks: head.enhancementBlocks,
    kernel: head.kernel,
    conditions: head.conditions,
    featureMean: Float32Array.from(features.mean),
    featureStd: Float32Array.from(features.std),
  };
}

function requireHead(config: BundleConfig): NonNullable<BundleConfig['head']> {
  if (config.head) return config.head;
  const problem = `bundle ${config.name} has no GLPose head`;
  throw new GlposeError('MODEL', problem, 'Use --method single-frame, or a bundle with a trained head.');
}

async function findBundle(nameOrPath: string): Promise<string> {
  const shipped = await shippedBundles();
  if (shipped.includes(nameOrPath)) return path.join(MODELS_DIR, nameOrPath);
  const dir = path.resolve(nameOrPath);
  const found = await stat(dir).catch(() => undefined);
  const choices = `Give a bundle's folder, or one of: ${shipped.join(', ')}.`;
  if (!found) throw new GlposeError('MODEL', `no model ${nameOrPath}`, choices);
  if (found.isDirectory()) return dir;
  const remedy = dir.endsWith('.onnx') ? 'Make a bundle of it with glpose models import.' : choices;
  throw new GlposeError('MODEL', `${nameOrPath} is a file, not a bundle's folder`, remedy);
}

async function readConfig(file: string): Promise<BundleConfig> {
  let json: unknown;
  try {
    json = JSON.parse(await readFile(file, 'utf8'));
  } catch (thrown) {
    const remedy = 'A bundle is a folder with config.json, extractor.onnx and head.safetensors.';
    throw new GlposeError('MODEL', `${file} cannot be read: ${messageOf(thrown)}`, remedy, { cause: thrown });
  }
  return checkConfig(json, file);
}

/**
 * Checks what config.json holds.
 * @throws MODEL naming every member that is wrong
 */
export function checkConfig(json: unknown, file: string): BundleConfig {
  const parsed = bundleConfigSchema.safeParse(json);
  if (parsed.success) return parsed.data;
  const warnings = parsed.error.issues.map((issue) => `${issue.path.join('.') || 'config'}: ${issue.message}`);
  throw new GlposeError('MODEL', `${file}: ${warnings.join('; ')}`, 'docs/models.md describes every member.');
}

async function loadHead({ config, headFile }: Bundle): Promise<Record<string, Tensor>> {
  requireHead(config);
  const file = headFile!;
  const { tensors } = parseSafetensors(await readFile(file), file);
  checkHeadTensors(tensors, headShape(config), file);
  return Object.fromEntries(tensors);
}

async function sha256OfFiles(dir: string, names: string[]): Promise<string> {
  const whole = createHash('sha256');
  for (const name of names) {
    const hash = createHash('sha256');
    await pipeline(createReadStream(path.join(dir, name)), hash);
    whole.update(`${hash.digest('hex')}  ${name}\n`);
  }
  return whole.digest('hex');
}
