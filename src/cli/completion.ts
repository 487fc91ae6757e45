import { Argument, Command } from 'commander';
import { allCommands, commandFacts, type CommandFacts, type OptionFacts } from './command-tree.js';
import type { Terminal } from './terminal.js';

const SHELLS = { bash, zsh, fish } as const;
type Shell = keyof typeof SHELLS;

const HELP = `
Examples:
  glpose completion bash > ~/.local/share/bash-completion/completions/glpose
  glpose completion zsh > "\${fpath[1]}/_glpose"
  glpose completion fish > ~/.config/fish/completions/glpose.fish`;

/** `glpose completion`: a script that lets a shell complete commands, options and their values. */
export function completionCommand(terminal: Terminal): Command {
  return new Command('completion')
    .description('prints a script that completes glpose’s commands and options in a shell')
    .addArgument(new Argument('<shell>', 'the shell').choices(Object.keys(SHELLS)))
    .addHelpText('after', HELP)
    .action((shell: Shell, _options: object, command: Command) => {
      terminal.out(SHELLS[shell](commandFacts(command.parent!)));
    });
}

const flagsOf = ({ long, short }: OptionFacts): string[] => [long, short].filter((flag) => flag !== null);

function bash(program: CommandFacts): string {
  const commands = allCommands(program);
  const words = commands.map(({ path, options, subcommands, argumentChoices, takesArguments }) => {
    const files = takesArguments && argumentChoices.length === 0;
    const all = [...subcommands.map((sub) => sub.path.at(-1)!), ...argumentChoices, ...options.flatMap(flagsOf)];
    return `    '${path.join(' ')}') words='${all.join(' ')}'; files=${files} ;;`;
  });
  const values = commands.flatMap(({ path, options }) =>
    options
      .filter(({ takesValue }) => takesValue)
      .map((option) => {
        const patterns = flagsOf(option).map((flag) => `'${[...path, flag].join(' ')}'`);
        return `    ${patterns.join('|')}) words='${option.choices.join(' ')}'; files=${option.choices.length === 0} ;;`;
      }),
  );
  const names = commands.filter(({ path }) => path.length > 0).map(({ path }) => `'${path.join(' ')}'`);
  return `# bash completion for glpose
_glpose() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD - 1]} command='' words='' files=false word
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "\${command:+$command }$word" in
    ${names.join('|')}) command="\${command:+$command }$word" ;;
    esac
  done
  case "$command" in
${words.join('\n')}
  esac
  case "\${command:+$command }$prev" in
${values.join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
  if [[ $files == true && $cur != -* ]]; then
    compopt -o filenames 2>/dev/null
    local IFS=$'\\n'
    COMPREPLY+=($(compgen -f -- "$cur"))
  fi
}
complete -F _glpose glpose
`;
}

function zsh(program: CommandFacts): string {
  const functions = allCommands(program).map((command) => {
    const options = command.options.flatMap((option) => {
      const value = option.takesValue
        ? `:value:${option.choices.length > 0 ? `(${option.choices.join(' ')})` : '_files'}`
        : '';
      return flagsOf(option).map((flag) => quoted(`${flag}[${option.description.replace(/[[\]:]/g, '\\$&')}]${value}`));
    });
    const positional =
      command.subcommands.length > 0
        ? [`'1:command:((${command.subcommands.map(zshChoice).join(' ')}))'`, `'*::argument:->rest'`]
        : command.argumentChoices.length > 0
          ? [`'1:argument:(${command.argumentChoices.join(' ')})'`]
          : command.takesArguments
            ? [`'*:file:_files'`]
            : [];
    const rest = command.subcommands.map((sub) => `    ${sub.path.at(-1)}) ${functionName(sub)} ;;`).join('\n');
    const dispatch = rest === '' ? '' : `\n  [[ $state == rest ]] && case "$words[1]" in\n${rest}\n  esac`;
    return `${functionName(command)}() {
  local curcontext="$curcontext" state line
  typeset -A opt_args
  _arguments -C \\
    ${[...options, ...positional].join(' \\\n    ')}${dispatch}
}
`;
  });
  return `#compdef glpose\n\n${functions.join('\n')}\nif [ "$funcstack[1]" = "_glpose" ]; then _glpose "$@"; else compdef _glpose glpose; fi\n`;
}

function functionName({ path }: CommandFacts): string {
  return ['_glpose', ...path].join('_');
}

function zshChoice({ path, description }: CommandFacts): string {
  return `${path.at(-1)}\\:"${description.replace(/[\\"'`$()]/g, '')}"`;
}

function fish(program: CommandFacts): string {
  const lines = allCommands(program).flatMap((command) => {
    const here = command.path.length === 0 ? '__fish_use_subcommand' : condition(command);
    const subcommands = command.subcommands.map(
      (sub) => `complete -c glpose -f -n ${quoted(here)} -a ${sub.path.at(-1)} -d ${quoted(sub.description)}`,
    );
    const choices =
      command.argumentChoices.length > 0
        ? [`complete -c glpose -f -n ${quoted(here)} -a ${quoted(command.argumentChoices.join(' '))}`]
        : [];
    const options = command.options.map(({ long, short, description, takesValue, choices: values }) => {
      const names = [long && `-l ${long.slice(2)}`, short && `-s ${short.slice(1)}`].filter(Boolean).join(' ');
      const value = values.length > 0 ? ` -x -a ${quoted(values.join(' '))}` : takesValue ? ' -r' : '';
      return `complete -c glpose -n ${quoted(here)} ${names}${value} -d ${quoted(description)}`;
    });
    return [...subcommands, ...choices, ...options];
  });
  return `# fish completion for glpose\n${lines.join('\n')}\n`;
}

/** Every word of the command's path was typed, and none of its own subcommands. */
function condition({ path, subcommands }: CommandFacts): string {
  const typed = path.map((word) => `__fish_seen_subcommand_from ${word}`);
  const own = subcommands.map((sub) => sub.path.at(-1)).join(' ');
  return [...typed, ...(own ? [`not __fish_seen_subcommand_from ${own}`] : [])].join('; and ');
}

/** In single quotes, as all three shells read them. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
