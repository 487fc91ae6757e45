/** What went wrong, as a word that scripts can test. */
export type ErrorCode =
  | 'USAGE' // wrong options or arguments
  | 'MODEL' // a bundle or one of its files is missing, damaged or unfit
  | 'ANNOTATION' // an annotation, box or prediction file cannot be used
  | 'INPUT' // a video, folder or image cannot be read
  | 'OUTPUT' // a result cannot be written
  | 'DEVICE' // the asked-for device is not there
  | 'MEMORY' // out of memory on the host or the device
  | 'INTERRUPTED' // stopped by the user
  | 'INTERNAL'; // a bug in glpose

/** Process exit codes (see `glpose --help`). */
export const EXIT = { done: 0, someFailed: 1, usage: 2, noDevice: 3, interrupted: 130 } as const;

const EXIT_OF_CODE: Record<ErrorCode, number> = {
  USAGE: EXIT.usage,
  MODEL: EXIT.usage,
  ANNOTATION: EXIT.usage,
  INPUT: EXIT.someFailed,
  OUTPUT: EXIT.someFailed,
  DEVICE: EXIT.noDevice,
  MEMORY: EXIT.someFailed,
  INTERRUPTED: EXIT.interrupted,
  INTERNAL: EXIT.someFailed,
};

/**
 * An error that a user can act on: what was wrong with which file, and what to do about it.
 * The command line prints `message` and exits with `exitCode`; no stack trace.
 */
export class GlposeError extends Error {
  readonly code: ErrorCode;
  /** What to do about it, one sentence; empty where nothing can be said. */
  readonly remedy: string;

  /**
   * @param code the kind of failure
   * @param problem what was wrong, naming the file or option; no full stop at the end
   * @param remedy what the user can do, one sentence
   */
  constructor(code: ErrorCode, problem: string, remedy = '', options?: ErrorOptions) {
    super(remedy === '' ? problem : `${problem}. ${remedy}`, options);
    this.name = 'GlposeError';
    this.code = code;
    this.remedy = remedy;
  }

  get exitCode(): number {
    return EXIT_OF_CODE[this.code];
  }
}

/** The message of anything that was thrown. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
