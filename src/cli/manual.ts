import { Command } from 'commander';
import { EXIT_CODES } from './exit-codes.js';
import { VERSION } from '../version.js';
import { allCommands, commandFacts, type CommandFacts } from './command-tree.js';
import type { Terminal } from './terminal.js';

/** `glpose manual`: the manual page, out of the commands' own help. */
export function manualCommand(terminal: Terminal): Command {
  return new Command('manual')
    .description('prints the manual page in roff')
    .addHelpText('after', '\nExample:\n  glpose manual | man -l -')
    .action((_options: object, command: Command) => {
      terminal.out(manualPage(commandFacts(command.parent!)));
    });
}

/** The page `glpose(1)` in roff, man macros. */
function manualPage(program: CommandFacts): string {
  const sections = allCommands(program).filter(({ path, subcommands }) => path.length > 0 && subcommands.length === 0);
  return [
    `.TH GLPOSE 1 "" "glpose ${escaped(VERSION)}" "User Commands"`,
    '.SH NAME',
    `glpose \\- ${escaped(program.description)}`,
    '.SH SYNOPSIS',
    '.B glpose',
    '.I command',
    '[options] [arguments]',
    '.SH COMMANDS',
    ...sections.flatMap(commandSection),
    '.SH EXIT STATUS',
    ...EXIT_CODES.flatMap(([code, meaning]) => ['.TP', String(code), escaped(meaning)]),
    '.SH FILES',
    'Results are written to the folder given with \\-\\-out, each file whole or not at all; run.json there says how they were made.',
    '.SH SEE ALSO',
    'The pages in docs/ of the package.',
    '',
  ].join('\n');
}

function commandSection({ path, description, usage, options, notes }: CommandFacts): string[] {
  return [
    `.SS "glpose ${path.join(' ')} ${escaped(usage)}"`,
    escaped(`${description[0].toUpperCase()}${description.slice(1)}.`),
    ...options.flatMap(({ flags, description: what, defaultText, choices }) => {
      const values = choices.length > 0 ? ` (one of ${choices.join(', ')})` : '';
      const otherwise = defaultText === null ? '' : ` (default: ${defaultText})`;
      return ['.TP', `.B ${escaped(flags)}`, escaped(`${what}${values}${otherwise}`)];
    }),
    ...(notes === '' ? [] : ['.PP', '.nf', ...notes.split('\n').map(escaped), '.fi']),
  ];
}

/** Text in which roff sees no requests: hyphens and quotes as they are, no line that begins with a dot. */
function escaped(text: string): string {
  return text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replace(/^([.'])/gm, '\\&$1')
    .replace(/[^\x00-\x7f]/gu, (character) => `\\[u${character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}]`); // prettier-ignore
}
