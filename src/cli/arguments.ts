import { InvalidArgumentError, Option } from 'commander';
import { GlposeError, messageOf } from '../errors.js';
import type { RunOption } from '../run/option.js';

/** A parser of an option's value (values.ts) for commander, which shows what it throws with the option's name. */
export function argument<T>(parse: (text: string) => T): (text: string) => T {
  return (text) => {
    try {
      return parse(text);
    } catch (thrown) {
      if (thrown instanceof GlposeError) throw thrown;
      throw new InvalidArgumentError(messageOf(thrown));
    }
  };
}

/** A row of the table of options (run/options.ts) as commander takes it. */
export function optionOf(known: RunOption<unknown>): Option {
  const made = new Option(known.flags, known.help);
  if (known.choices) made.choices(known.choices);
  if (known.parse) made.argParser(argument((text) => known.parse!(text)));
  if (known.bare !== undefined) made.preset(known.bare);
  if (known.default !== undefined) made.default(known.default);
  return made;
}
