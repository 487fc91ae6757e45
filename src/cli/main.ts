import { Command, CommanderError } from 'commander';
import { VERSION } from '../version.js';
import { EXIT, GlposeError, messageOf } from '../errors.js';
import { addon } from '../native/binding.js';
import { analyseCommand } from './analyse.js';
import { benchCommand } from './bench.js';
import { checkCommand } from './check.js';
import { completionCommand } from './completion.js';
import { doctorCommand } from './doctor.js';
import { evalCommand } from './eval.js';
import { filterCommand } from './filter.js';
import { featuresCommand } from './features.js';
import { EXIT_CODES } from './exit-codes.js';
import { inferCommand } from './infer.js';
import { manualCommand } from './manual.js';
import { modelsCommand } from './models.js';
import { statusCommand } from './status.js';
import { sayOn, writerTo, type MakeCommand, type Terminal } from './terminal.js';
import { viewCommand } from './view.js';
import { worstCommand } from './worst.js';

const COMMANDS: MakeCommand[] = [
  inferCommand,
  statusCommand,
  checkCommand,
  viewCommand,
  filterCommand,
  analyseCommand,
  worstCommand,
  evalCommand,
  featuresCommand,
  modelsCommand,
  benchCommand,
  doctorCommand,
  completionCommand,
  manualCommand,
];

/** Ctrl-C, what a scheduler sends, and the end of the terminal. */
const STOPPING = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Milliseconds that a command has to end after Ctrl-C. Its files are whole or not there, whenever it ends. */
const LAST_WAIT = 1800;

/** Ends the process whatever its threads do. */
function endNow(code: number): never {
  try {
    return addon().endProcess(code);
  } catch {
    process.exit(code); // there is no addon: nothing that ONNX Runtime could be doing, either
  }
}

/**
 * Runs one command line and returns the process's exit code; never exits, never throws.
 * @param argv the arguments after `node glpose.js`
 */
export async function main(argv: string[], overrides: Partial<Terminal> = {}): Promise<number> {
  const stop = new AbortController();
  const onInterrupt = (): void => {
    if (stop.signal.aborted) endNow(EXIT.interrupted); // the second Ctrl-C does not wait
    stop.abort(new GlposeError('INTERRUPTED', 'interrupted'));
    setTimeout(() => endNow(EXIT.interrupted), LAST_WAIT).unref();
  };
  for (const signal of STOPPING) process.on(signal, onInterrupt);
  let lost: Error | undefined; // of what should have gone to stdout
  const terminal: Terminal = {
    out: writerTo(process.stdout, (error) => (lost = error)),
    err: writerTo(process.stderr, () => {}),
    signal: stop.signal,
    exitCode: EXIT.done,
    ...overrides,
  };
  const say = sayOn(terminal);
  const program = new Command('glpose')
    .description('2D poses of every person in every frame of a video, robust to blur, occlusion and defocus')
    .version(VERSION)
    .showHelpAfterError('(add --help for the options)')
    .addHelpText(
      'after',
      `\nExit codes:\n${EXIT_CODES.map(([code, meaning]) => `  ${String(code).padEnd(4)} ${meaning}`).join('\n')}`,
    );
  for (const make of COMMANDS) program.addCommand(make(terminal));
  quietExit(program, terminal);
  try {
    await program.parseAsync(argv, { from: 'user' });
    await new Promise(setImmediate); // a stream tells of its errors later
    if (!lost) return terminal.exitCode;
    say(`stdout cannot be written: ${lost.message}`);
    return terminal.exitCode || EXIT.someFailed;
  } catch (thrown) {
    if (thrown instanceof CommanderError) return thrown.exitCode === 0 ? EXIT.done : EXIT.usage;
    if (thrown instanceof GlposeError) {
      say(thrown.message);
      return thrown.exitCode;
    }
    terminal.err(`glpose: internal error: ${messageOf(thrown)}\n`);
    if (process.env.GLPOSE_DEBUG && thrown instanceof Error) terminal.err(`${thrown.stack}\n`);
    else terminal.err('This is a bug in glpose. GLPOSE_DEBUG=1 shows where it happened.\n');
    return EXIT.someFailed;
  } finally {
    for (const signal of STOPPING) process.off(signal, onInterrupt);
  }
}

/** Commander must neither exit the process nor write past the terminal, in the program and in every subcommand. */
function quietExit(command: Command, terminal: Terminal): void {
  command.exitOverride().configureOutput({ writeOut: terminal.out, writeErr: terminal.err });
  for (const sub of command.commands) quietExit(sub, terminal);
}
