/*
 * Kills `glpose infer` (SIGKILL) at random moments of a run over many clips, goes on with it, and compares what it ends with with
 * an uninterrupted run.
 *
 *   node scripts/kill-test.mjs [--kills 200] [--seed 1] [--clips 24] [--frames 160]
 *
 * One clip has `--frames` frames, several chunks of the checkpoint; the others have 1 to 6. Whenever a run comes to its end, its folder is
 * compared and removed, and the next one begins anew, until all kills are done. What must hold:
 *
 *   after each kill   every result file that is there has the bytes of the uninterrupted run
 *   at the end        the result files are the same and have the same bytes; so have run.json and the outcomes without times
 *                     (started, finished, seconds), the folder's name and what was kept (`kept`); no temporary file, no checkpoint
 *   on the way        of each video, each run finishes for a second time at most one chunk of frames in each of the two passes, and
 *                     the few that were under way
 *
 * The runs are the command itself; only detection and estimation of a frame also add a line to a file, for counting.
 */
import { spawn } from 'node:child_process';
import { appendFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { isDeepStrictEqual, parseArgs } from 'node:util';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const load = (file) => import(pathToFileURL(path.join(ROOT, 'dist/src', file)).href);
const SCRIPT = fileURLToPath(import.meta.url);
const OPTIONS = ['--device', 'cpu', '--format', 'posetrack18,openpose', '--render', '--smooth'];
/** Frames whose work is under way when a chunk is written. */
const UNDER_WAY = 8;

if (process.argv[2] === '--counted') await counted(process.argv[3], process.argv.slice(4));
else await test();

/** `glpose infer` that adds a line for each frame: the clip's width, which tells the clips apart, the pass and the frame. */
async function counted(log, argv) {
  const { PersonDetector } = await load('detection/detector.js');
  const { detect } = PersonDetector.prototype;
  PersonDetector.prototype.detect = async function (image, ...rest) {
    const found = await detect.call(this, image, ...rest);
    appendFileSync(log, `${image.width} detections ${image.index}\n`);
    return found;
  };
  const { GlobalLocal } = await load('estimation/glpose.js');
  const { estimate } = GlobalLocal.prototype;
  GlobalLocal.prototype.estimate = async function (around, ...rest) {
    const poses = await estimate.call(this, around, ...rest);
    const { width, index } = around[this.k];
    appendFileSync(log, `${width} poses ${index}\n`);
    return poses;
  };
  const { main } = await load('cli/main.js');
  process.exitCode = await main(['infer', ...argv]);
}

async function test() {
  const { values } = parseArgs({
    options: {
      kills: { type: 'string', default: '200' },
      seed: { type: 'string', default: '1' },
      clips: { type: 'string', default: '24' },
      frames: { type: 'string', default: '160' },
    },
  });
  const { CHUNK } = await load('run/frame-log.js');
  const { mulberry32 } = await load('estimation/candidates.js');
  const folder = mkdtempSync(path.join(os.tmpdir(), 'glpose-kill-'));
  try {
    const clips = path.join(folder, 'clips');
    mkdirSync(clips);
    await makeClips(clips, Number(values.clips), Number(values.frames));
    const reference = path.join(folder, 'reference');
    const whole = await run(path.join(folder, 'reference.log'), clips, reference);
    if (whole.code !== 0) throw new Error(`the uninterrupted run ended with code ${whole.code}: ${whole.text}`);
    const test = { folder, clips, reference: snapshot(reference), chunk: CHUNK, figures: newFigures() };
    const started = performance.now();
    await killAtRandom(test, Number(values.kills), mulberry32(Number(values.seed)), whole.seconds);
    const seconds = ((performance.now() - started) / 1000).toFixed(0);
    const { kills, runs, ends, again, most } = test.figures;
    console.log(
      `${kills} kills in ${runs} runs, ${ends} of which came to their end, ${seconds} s (one uninterrupted: ${whole.seconds.toFixed(1)} s); ` +
        `frames finished for a second time after a kill, over all videos and both passes: ${(again / Math.max(1, kills)).toFixed(1)} on average; ` +
        `in one pass of one video: ${most} at most`,
    );
    rmSync(folder, { recursive: true, force: true });
  } catch (thrown) {
    console.error(`kept for looking at it: ${folder}`);
    throw thrown;
  }
}

function newFigures() {
  return { kills: 0, runs: 0, ends: 0, again: 0, most: 0 };
}

async function killAtRandom(test, kills, random, seconds) {
  let attempt = 0;
  while (test.figures.kills < kills || attempt > 0) {
    const last = test.figures.kills >= kills; // what is left is done without being killed
    const after = last ? Infinity : random() ** 3 * Math.max(3, seconds / 2) * 1000; // most often early: it is quick
    attempt = (await step(test, attempt, after)) ? 0 : attempt + 1;
    if (test.figures.kills % 20 === 0) console.error(test.figures);
  }
}

/**
 * One run into the folder of the attempt before, and its checks.
 * @returns whether it came to its end; its folder is removed then
 */
async function step({ folder, clips, reference, chunk, figures }, attempt, killAfter) {
  const [out, log] = [path.join(folder, 'out'), path.join(folder, 'log')];
  const before = linesOf(log);
  const { code, killed, text } = await run(log, clips, out, killAfter);
  figures.runs++;
  if (killed) figures.kills++;
  else if (code !== 0) throw new Error(`attempt ${attempt} ended with code ${code}: ${text}`);

  const now = snapshot(out);
  for (const [file, bytes] of now.results) {
    const expected = reference.results.get(file);
    if (expected === undefined || !bytes.equals(expected)) throw new Error(`after a kill, ${file} has other bytes`);
  }
  const again = new Map();
  const known = new Set(before);
  for (const line of linesOf(log).slice(before.length)) {
    if (!known.has(line)) continue;
    const pass = line.replace(/ \d+$/, '');
    again.set(pass, (again.get(pass) ?? 0) + 1);
    figures.again++;
  }
  for (const [pass, frames] of again) {
    if (frames > chunk + UNDER_WAY) throw new Error(`${frames} frames of ${pass} were computed twice`);
    figures.most = Math.max(figures.most, frames);
  }
  if (killed) return false;

  figures.ends++;
  for (const file of reference.results.keys())
    if (!now.results.has(file)) throw new Error(`${file} is missing at the end`);
  for (const [file, document] of reference.records) {
    if (!isDeepStrictEqual(now.records.get(file), document)) throw new Error(`${file} is not as after one run`);
  }
  if (now.others.length > 0) throw new Error(`left behind: ${now.others.join(', ')}`);
  rmSync(out, { recursive: true });
  rmSync(log, { force: true });
  return true;
}

/** What is in an output folder: results, records without what differs from run to run, and what should not be there at the end. */
function snapshot(out) {
  const found = { results: new Map(), records: new Map(), others: [] };
  const entries = existsSync(out) ? readdirSync(out, { recursive: true, withFileTypes: true }) : [];
  for (const entry of entries) {
    const file = path.join(entry.parentPath ?? entry.path, entry.name);
    const name = path.relative(out, file);
    if (/\.(partial|before)\b/.test(name) || /checkpoints[/\\]./.test(name)) found.others.push(name);
    else if (entry.isDirectory() || name.startsWith(path.join('.glpose', 'locks'))) continue;
    else if (name === 'run.json' || name.startsWith('.glpose'))
      found.records.set(name, timeless(JSON.parse(readFileSync(file, 'utf8'))));
    else found.results.set(name, readFileSync(file));
  }
  return found;
}

function timeless(value) {
  if (Array.isArray(value)) return value.map(timeless);
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value).filter(
    ([name]) => !['started', 'finished', 'seconds', 'kept', 'out'].includes(name),
  );
  return Object.fromEntries(members.map(([name, member]) => [name, timeless(member)]));
}

function linesOf(log) {
  return existsSync(log) ? readFileSync(log, 'utf8').split('\n').filter(Boolean) : [];
}

function run(log, clips, out, killAfter = Infinity) {
  const started = performance.now();
  const command = [SCRIPT, '--counted', log, clips, '-o', out, ...OPTIONS];
  const child = spawn(process.execPath, command, { stdio: ['ignore', 'pipe', 'pipe'] });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (some) => (text += some));
  const timer = killAfter === Infinity ? undefined : setTimeout(() => child.kill('SIGKILL'), killAfter);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      resolve({ code, killed: signal === 'SIGKILL', text, seconds: (performance.now() - started) / 1000 });
    });
  });
}

/** Clips of a person who goes to and fro: 0.mp4 is the long one; all differ in width. */
async function makeClips(folder, count, frames) {
  const { default: sharp } = await import('sharp');
  const { writeVideo } = await load('drawing/video-writer.js');
  const person = path.join(ROOT, 'samples/person.png');
  for (let clip = 0; clip < count; clip++) {
    const [width, height] = [180 + 2 * clip, 200];
    async function* pictures() {
      for (let frame = 0; frame < (clip === 0 ? frames : 1 + (clip % 6)); frame++) {
        const left = Math.round(((width - 138) / 2) * (1 + Math.sin(frame / 9)));
        const background = {
          create: { width, height, channels: 3, background: { r: 90, g: 110, b: 100 + (frame % 50) } },
        };
        const data = await sharp(background)
          .composite([{ input: person, left, top: 8 }])
          .removeAlpha()
          .raw()
          .toBuffer();
        yield { width, height, data };
      }
    }
    await writeVideo(path.join(folder, `${clip}.mp4`), pictures(), { width, height, fps: 25 });
  }
}
