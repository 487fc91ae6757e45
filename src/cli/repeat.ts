import path from 'node:path';
import { InvalidArgumentError, type Command, type Option } from 'commander';
import { GlposeError, messageOf } from '../errors.js';
import { isFields } from '../formats/fields.js';
import { optionsThat } from '../run/options.js';
import { readEarlierRun, type EarlierRun } from '../run/record.js';

/**
 * Sets a command's options as they were in an earlier run; those given on the command line count instead. Without `--out`,
 * results go where that run's record lies.
 * @param file the earlier run's run.json, checked as the command line is
 * @throws ANNOTATION where it is none, USAGE naming the option that cannot be taken
 */
export function repeatRun(file: string, command: Command): EarlierRun {
  const earlier = readEarlierRun(file);
  const repeated = optionsThat('repeated', earlier.options);
  for (const option of command.options) {
    const name = option.attributeName();
    if (command.getOptionValueSource(name) === 'cli' || !Object.hasOwn(repeated, name)) continue;
    command.setOptionValueWithSource(name, valueOf(option, repeated[name], file), 'config');
  }
  if (command.getOptionValue('out') === undefined) command.setOptionValue('out', path.dirname(file));
  return earlier;
}

/** A recorded value, through the same checks as a given one. */
function valueOf(option: Option, value: unknown, file: string): unknown {
  const flag = option.negate || !(option.required || option.optional);
  try {
    if (typeof value === 'boolean' && flag) return value;
    if (flag) throw new InvalidArgumentError('Expected true or false.');
    const text = value === true && option.presetArg !== undefined ? String(option.presetArg) : textOf(value);
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
