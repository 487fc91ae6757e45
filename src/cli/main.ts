import { Command, CommanderError } from 'commander';
import { VERSION } from '../version.js';
import { EXIT, GlposeError, messageOf } from '../errors.js';
import { addon } from '../native/binding.js';
import { EXIT_CODES } from './exit-codes.js';
import { sayOn, writerTo, type MakeCommand, type Terminal } from './terminal.js';

/** By name, in the order of the help. Each brings its own part of the program, and a command line needs one. */
const COMMANDS: Record<string, () => Promise<MakeCommand>> = {
  infer: async () => (await import('./infer.js')).inferCommand,
  status: async () => (await import('./status.js')).statusCommand,
  check: async () => (await import('./check.js')).checkCommand,
  view: async () => (await import('./view.js')).viewCommand,
  filter: async () => (await import('./filter.js')).filterCommand,
  analyse: async () => (await import('./analyse.js')).analyseCommand,
  worst: async () => (await import('./worst.js')).worstCommand,
  eval: async () => (await import('./eval.js')).evalCommand,
  features: async () => (await import('./features.js')).featuresCommand,
  models: async () => (await import('./models.js')).modelsCommand,
  bench: async () => (await import('./bench.js')).benchCommand,
  doctor: async () => (await import('./doctor.js')).doctorCommand,
  completion: async () => (await import('./completion.js')).completionCommand,
  manual: async () => (await import('./manual.js')).manualCommand,
};
/** Commands that tell of all others. */
const ABOUT_ALL = ['completion', 'manual'];

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
  const [name] = argv;
  const isOne = Object.hasOwn(COMMANDS, name) && !ABOUT_ALL.includes(name);
  const needed = isOne ? [COMMANDS[name]] : Object.values(COMMANDS);
  for (const load of needed) program.addCommand((await load())(terminal));
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
