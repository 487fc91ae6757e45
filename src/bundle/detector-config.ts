import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { GlposeError, messageOf } from '../errors.js';
import { detectorSchema, type DetectorConfig } from './config.js';

/** A detector that is used instead of the bundle's. */
export interface OwnDetector {
  config: DetectorConfig;
  /** The ONNX file. */
  file: string;
  /** The JSON file, for messages. */
  describedIn: string;
}

const REMEDY = 'docs/choosing-a-model.md describes every kind of detector.';

/**
 * Reads the description of a detector: what stands as `detector` in a bundle's config.json, in a file of its own beside the
 * ONNX file that it names.
 * @throws MODEL where the file cannot be read, is wrong, or names a file that is not there
 */
export async function loadDetectorConfig(file: string): Promise<OwnDetector> {
  if (file.endsWith('.onnx')) {
    const problem = `${file} is the network; glpose must know what kind of detector it is`;
    const example = `{"kind": "yolov8", "file": "${path.basename(file)}"}`;
    throw new GlposeError('MODEL', problem, `Put ${example} into a file beside it and give that; ${REMEDY}`);
  }
  let json: unknown;
  try {
    json = JSON.parse(await readFile(file, 'utf8'));
  } catch (thrown) {
    throw new GlposeError('MODEL', `${file} cannot be read: ${messageOf(thrown)}`, REMEDY, { cause: thrown });
  }
  const config = checkDetectorConfig(json, file);
  const network = path.join(path.dirname(path.resolve(file)), config.file);
  const found = await stat(network).catch(() => undefined);
  if (!found?.isFile()) {
    throw new GlposeError('MODEL', `${network} is missing, though ${file} names it`, 'Put the ONNX file beside it.');
  }
  return { config, file: network, describedIn: file };
}

/**
 * Checks what such a file holds.
 * @throws MODEL naming every member that is wrong
 */
export function checkDetectorConfig(json: unknown, file: string): DetectorConfig {
  const parsed = detectorSchema.safeParse(json);
  if (parsed.success) return parsed.data;
  const warnings = parsed.error.issues.map((issue) => `${issue.path.join('.') || 'detector'}: ${issue.message}`);
  throw new GlposeError('MODEL', `${file}: ${warnings.join('; ')}`, REMEDY);
}
