import { access, constants } from 'node:fs/promises';
import { GlposeError, messageOf } from '../errors.js';
import { makeFolders } from '../storage/make-folders.js';

/** Makes the folder of the results. Throws OUTPUT where it cannot be written. */
export async function makeFolder(folder: string): Promise<void> {
  try {
    await makeFolders(folder);
    await access(folder, constants.W_OK);
  } catch (thrown) {
    const problem = `the output folder ${folder} cannot be written: ${messageOf(thrown)}`;
    throw new GlposeError('OUTPUT', problem, 'Give another folder with -o, or change its permissions.');
  }
}

/** Whoever removed the folder does not want it back; nor would the results before be in it. Throws OUTPUT. */
export async function requireFolder(folder: string): Promise<void> {
  try {
    await access(folder, constants.W_OK);
  } catch (thrown) {
    const problem = `the output folder ${folder} is gone or can no longer be written: ${messageOf(thrown)}`;
    throw new GlposeError('OUTPUT', problem, 'Run it again to do what is left.');
  }
}
