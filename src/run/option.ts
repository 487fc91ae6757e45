/** An option of a run, with everything that is known about it; see RUN_OPTIONS. */
export interface RunOption<T> {
  /** As the command line writes it. Its long name in camel case names it in the library and in run.json. */
  flags: string;
  help: string;
  default?: T;
  /** Whether results depend on it: where it changed, a video is done again. */
  decides: boolean;
  /** Whether `--repeat` takes it over from the earlier run. */
  repeated: boolean;
  /** Whether it names a file: recorded with an absolute path, and known by its content's fingerprint. */
  file?: boolean;
  /** What the flag means where its value is left out, as it would be written. */
  bare?: string;
  choices?: readonly string[];
  /** A value as it is written. Throws an Error that says what was expected. */
  parse?(text: string): T;
}

/** An option that may be left out. */
export const option = <T>(known: RunOption<T>): RunOption<T> => known;

/** An option that always has a value. */
export const defaulted = <T>(known: RunOption<T> & { default: T }): RunOption<T> & { default: T } => known;

/** The value of an option: undefined where it was left out and has no default. */
export type ValueOf<Known> = Known extends { default: infer T } ? T : Known extends RunOption<infer T> ? T | undefined : never; // prettier-ignore
