import path from 'node:path';
import { InvalidArgumentError, type Command, type Option } from 'commander';
import { GlposeError, messageOf } from '../errors.js';
import { isFields } from '../formats/fields.js';
import { readJsonFile } from '../formats/json-file.js';

/** An earlier run, as much of its record as repeating it needs. */
export interface EarlierRun {
  inputs: string[];
  modelSha256: string;
  /** Digests of the inputs' files by their paths. */
  digests: Map<string, string>;
}

/** What says where a run wrote and what it printed, not what it did. */
const NOT_REPEATED = ['out', 'json', 'resume', 'repeat', 'view', 'explain', 'shard'];

/**
 * Sets a command's options as they were in an earlier run; those given on the command line count instead. Without `--out`,
 * results go where that run's record lies.
 * @param file the earlier run's run.json, checked as the command line is
 * @throws USAGE naming the option that cannot be taken
 */
export function repeatRun(file: string, command: Command): EarlierRun {
  const record = readJsonFile(file);
  const { options, model, videos } = isFields(record) ? record : {};
  const inputs = isFields(options) ? options.inputs : undefined;
  if (!isFields(options) || !isFields(model) || !Array.isArray(videos) || !isListOfTexts(inputs)) {
    throw new GlposeError('USAGE', `${file} is not the record of a run`, 'Give the run.json of glpose infer.');
  }
  for (const option of command.options) {
    const name = option.attributeName();
    const given = command.getOptionValueSource(name) === 'cli';
    if (given || NOT_REPEATED.includes(name) || !Object.hasOwn(options, name)) continue;
    command.setOptionValueWithSource(name, valueOf(option, options[name], file), 'config');
  }
  if (command.getOptionValue('out') === undefined) command.setOptionValue('out', path.dirname(file));
  const digests = videos.filter(isFields).flatMap(({ path: where, input }): [string, string][] => {
    const digest = isFields(input) ? input.digest : undefined;
    return typeof where === 'string' && typeof digest === 'string' ? [[where, digest]] : [];
  });
  return { inputs, modelSha256: String(model.sha256), digests: new Map(digests) };
}

/** A recorded value, through the same checks as a given one. */
function valueOf(option: Option, value: unknown, file: string): unknown {
  const flag = option.negate || !(option.required || option.optional);
  try {
    if (typeof value === 'boolean' && (flag || option.optional)) return value;
    if (flag) throw new InvalidArgumentError('Expected true or false.');
    const text = textOf(value);
    return option.parseArg ? option.parseArg(text, undefined) : text;
  } catch (thrown) {
    throw new GlposeError(
      'USAGE',
      `${file}: ${option.attributeName()}: ${messageOf(thrown)}`,
      'Give the option itself.',
    );
  }
}

/** A value as it would stand on the command line: lists, and pairs of numbers, with commas. */
function textOf(value: unknown): string {
  if (typeof value === 'string' || typeof value === 'number') return String(value);
  const parts: unknown[] = Array.isArray(value) ? value : isFields(value) ? Object.values(value) : [];
  if (parts.length > 0 && parts.every((part) => typeof part === 'string' || typeof part === 'number')) {
    return parts.join(',');
  }
  throw new InvalidArgumentError('It is no value of this option.');
}

function isListOfTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.length > 0 && value.every((text) => typeof text === 'string');
}
