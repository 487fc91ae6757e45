import { EXIT } from '../errors.js';

/** What the exit codes mean, for help and manual. */
export const EXIT_CODES: readonly (readonly [code: number, meaning: string])[] = [
  [EXIT.done, 'done'],
  [EXIT.someFailed, 'some inputs failed, the others are written'],
  [EXIT.usage, 'wrong usage or bad model or annotation file'],
  [EXIT.noDevice, 'the asked-for device is not there'],
  [EXIT.interrupted, 'interrupted'],
];
