import type { Command } from 'commander';
import { escapeControlCharacters, oneLine } from './escape-control-characters.js';

/** What a command needs of the world: where text goes, and when to stop. */
export interface Terminal {
  /** Results: stdout. */
  out(text: string): void;
  /** Everything else: stderr. */
  err(text: string): void;
  /** Aborted at the first Ctrl-C. */
  signal: AbortSignal;
  /** The exit code of a command that ended without throwing; `EXIT.done` unless the command sets it. */
  exitCode: number;
}

/** Makes one subcommand. Its action throws GlposeError, or sets `terminal.exitCode` where part of the work failed. */
export type MakeCommand = (terminal: Terminal) => Command;

/** Text as one line, with its end, whatever names from files are in it. */
export const line = (text: string): string => `${oneLine(text)}\n`;

/** Says, a line at a time, what a command is doing, and what is wrong. */
export function sayOn(terminal: Pick<Terminal, 'err'>): (text: string) => void {
  return (text) => terminal.err(line(`glpose: ${text}`));
}

/** What a stream says when nobody reads it any more: a pipe's reader or the terminal is gone. */
const UNREAD = ['EPIPE', 'EIO', 'ERR_STREAM_DESTROYED'];
const watched = new Set<NodeJS.WriteStream>();

/**
 * Writes text to a stream of this process. Where nobody reads it any more (`| head`), the work goes on: results are files.
 * @param onError takes any other error
 */
export function writerTo(stream: NodeJS.WriteStream, onError: (error: Error) => void): (text: string) => void {
  return (text) => {
    if (!watched.has(stream)) {
      watched.add(stream); // for good: errors may come after the command's end
      stream.on('error', (error: NodeJS.ErrnoException) => {
        if (!UNREAD.includes(error.code ?? '')) onError(error);
      });
    }
    stream.write(escapeControlCharacters(text));
  };
}
