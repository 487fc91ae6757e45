import type { EventEmitter } from 'node:events';
import type { Command } from 'commander';

/** One option of a command, as completions and the manual page need it. */
export interface OptionFacts {
  /** `--out`; null for options that have only a short form. */
  long: string | null;
  short: string | null;
  /** As the help prints it: `-o, --out <folder>`. */
  flags: string;
  description: string;
  /** The default in words, null where there is none to tell. */
  defaultText: string | null;
  /** Whether a value must follow. */
  takesValue: boolean;
  /** The only values it takes; empty where any may stand. */
  choices: readonly string[];
}

/** One command with its place in the tree. */
export interface CommandFacts {
  /** `['models', 'import']`; empty for the program itself. */
  path: readonly string[];
  description: string;
  /** `[options] <onnx>` */
  usage: string;
  /** What follows the options in the help: examples. */
  notes: string;
  options: readonly OptionFacts[];
  /** Values of the first argument where it takes only some; empty where it is free. */
  argumentChoices: readonly string[];
  takesArguments: boolean;
  subcommands: readonly CommandFacts[];
}

/** What a program's commands are, read from the program itself, so that nothing about them stands twice. */
export function commandFacts(command: Command, path: readonly string[] = []): CommandFacts {
  const help = command.createHelp();
  const options = help.visibleOptions(command).map((option): OptionFacts => {
    const { long, short, flags, description, argChoices, required, optional, negate, defaultValue } = option;
    const told = defaultValue !== undefined && !negate && defaultValue !== false && (required || optional);
    return {
      long: long ?? null,
      short: short ?? null,
      flags,
      description,
      defaultText: told ? (option.defaultValueDescription ?? textOf(defaultValue)) : null,
      takesValue: required,
      choices: argChoices ?? [],
    };
  });
  const subcommands = help.visibleCommands(command).filter((sub) => sub.name() !== 'help');
  return {
    path,
    description: command.description(),
    usage: command.usage(),
    notes: notesOf(command),
    options,
    argumentChoices: command.registeredArguments[0]?.argChoices ?? [],
    takesArguments: command.registeredArguments.length > 0,
    subcommands: subcommands.map((sub) => commandFacts(sub, [...path, sub.name()])),
  };
}

/** Every command of the tree, each before its subcommands. */
export function allCommands(facts: CommandFacts): CommandFacts[] {
  return [facts, ...facts.subcommands.flatMap(allCommands)];
}

function textOf(value: unknown): string {
  return Array.isArray(value) ? value.join(',') : String(value);
}

/** What `addHelpText('after', …)` prints: commander keeps it behind the event that printing the help raises. */
function notesOf(command: Command): string {
  let text = '';
  (command as unknown as EventEmitter).emit('afterHelp', {
    error: false,
    command,
    write: (more: string) => void (text += more),
  });
  return text.trim();
}
