import { existsSync } from 'node:fs';
import { access, constants, rm, rmdir } from 'node:fs/promises';
import path from 'node:path';
import { GlposeError, messageOf } from '../errors.js';
import { makeFolders } from '../storage/make-folders.js';
import { STATE_FOLDER } from './outcome.js';
import { recordFile } from './record.js';

/**
 * Makes the folder of the results, and those above it.
 * @returns the uppermost that it made; undefined where it was there
 * @throws OUTPUT where it cannot be written
 */
export async function makeFolder(folder: string): Promise<string | undefined> {
  try {
    const made = await makeFolders(folder);
    await access(folder, constants.W_OK);
    return made;
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

/**
 * Takes back what a run has made of which nothing came: its record, its state and the folders. Whatever else lies there stays, and all of
 * it where some frames of a video have been done. Its lock must be held.
 * @param made the uppermost folder that `makeFolder` made
 */
export async function takeBackFolder(folder: string, made: string): Promise<void> {
  const state = path.join(folder, STATE_FOLDER);
  if (existsSync(path.join(state, 'checkpoints'))) return;
  for (const own of [recordFile(folder), path.join(state, 'videos'), path.join(state, 'locks')])
    await rm(own, { recursive: true, force: true });
  try {
    await rmdir(state);
    for (let at = path.resolve(folder); at.length >= path.resolve(made).length; at = path.dirname(at)) await rmdir(at);
  } catch {
    // somebody else has put something there
  }
}
