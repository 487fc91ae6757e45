/*
 * Whether GLPose and people who label by hand mean the same by a joint: mean errors with their sign, and the offsets that bring both together.
 *   node scripts/people/joint-offsets.mjs --list fit|validation|test [--model <bundle>] [--json] <shared/data>
 *   fit         prints the offsets for config.json. LSPET's and COCO's training photos say where labels have what the extractor and the head
 *               see; for the head, so does the footage of JHMDB's validation clips, in which the extractor's sure joints, moved by its own offsets,
 *               stand for labels. Each material has one vote; what would move a joint by less than 0.03 head sizes is left out
 *   validation  LSPET's validation photos, and the clips of people/ beside the extractor, likewise
 *   test        LSPET's test photos, COCO's validation stills
 * The last two measure: mean errors along and across the trunk (signed-errors.mjs), and PCK of the limb joints at 0.05 and 0.1 of the box's larger
 * side; without the bundle's offsets, and with them. Boxes are given. Intervals: bootstrap over photos and clips.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { DEFAULT_BUNDLE, loadBundle } from '../../dist/src/bundle/bundle.js';
import { movedByOffsets } from '../../dist/src/estimation/joint-offsets.js';
import { LIMB_JOINTS } from '../../dist/src/evaluation/quality/doubled.js';
import { estimateVideo, loadModel } from '../../dist/src/index.js';
import { withoutSide } from '../../dist/src/joints.js';
import { cocoStills, leedsSportsPose, pixelsOf } from './labelled-photos.mjs';
import { imagesOf, inWords, printTable, ratioWithInterval, videoOf } from './material.mjs';
import { signedErrors } from './signed-errors.mjs';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    list: { type: 'string', default: 'test' },
    model: { type: 'string', default: DEFAULT_BUNDLE },
    json: { type: 'boolean', default: false },
  },
});
const [data] = positionals;
const { dir, config } = await loadBundle(values.model);
/** Footage in which the extractor stands for labels: it is not measured there itself. */
const CLIPS = 'people/clips';
/** The extractor's score from which its joint stands for a label. */
const SURE = 0.5;
/** Of each clip. */
const FRAMES = 10;
/** Head sizes: less is not worth an offset. */
const SMALL = 0.03;
/** Joints of a kind below which a material says nothing of it. */
const FEWEST = 20;
const ROUNDS = 5;
const NONE = { down: 0, out: 0 };

/** Photos as videos of one frame: [{ name, read, people: of each frame [{ trackId, box, labels }] }]. */
function photos(all) {
  return all.map(({ file, people }) => ({
    name: file,
    read: async () => ({ images: [await pixelsOf(file)], fps: null }),
    people: [people.map((person, trackId) => ({ ...person, trackId }))],
  }));
}

/** Clips in the same form. Their labels are the extractor's sure joints, moved by `offsets`; not its head top, which is a guess. */
async function footage(files, offsets) {
  const model = await loadModel(dir, { method: 'single-frame', device: 'cpu' });
  const names = model.estimator.joints;
  const clips = [];
  for (const file of files) {
    const read = () => imagesOf(file, { count: FRAMES });
    const { images, fps } = await read();
    const people = [];
    for await (const frame of estimateVideo(videoOf(images, fps), model, { agreement: false })) {
      const moved = movedByOffsets(frame.people.map(({ joints }) => joints), names, offsets); // prettier-ignore
      people[frame.index] = frame.people.map(({ trackId, box }, p) => {
        const isSure = (joint, name) => joint && !joint.occluded && joint.score >= SURE && name !== 'head_top';
        const sure = names.flatMap((name, k) => (isSure(moved[p][k], name) ? [[name, moved[p][k]]] : []));
        return { trackId, box, labels: Object.fromEntries(sure) };
      });
    }
    clips.push({ name: file, read, people });
  }
  await model.dispose();
  return clips;
}

/** Everyone who is labelled in these videos, and as what the method sees them: [{ video, size, labels, names, joints }]. */
async function posesOf(videos, method, bundle, agreement) {
  const model = await loadModel(bundle, { method, device: 'cpu' });
  const poses = [];
  for (const { name: video, read, people } of videos) {
    const { images, fps } = await read();
    const detect = async ({ index }) => people[index].map(({ trackId, box }) => ({ trackId, box, score: 1 }));
    for await (const { index, people: found } of estimateVideo(videoOf(images, fps), model, {
      detect,
      agreement,
      poseNms: 1,
    })) {
      for (const { trackId, box, labels } of people[index]) {
        const { joints } = found.find((one) => one.trackId === trackId) ?? { joints: [] };
        poses.push({ video, size: Math.max(box.width, box.height), labels, names: model.estimator.joints, joints });
      }
    }
  }
  await model.dispose();
  return poses;
}

const mean = (numbers) => numbers.reduce((sum, value) => sum + value, 0) / numbers.length;

function byKind(errors) {
  const kinds = new Map();
  for (const error of errors) kinds.set(error.kind, [...(kinds.get(error.kind) ?? []), error]);
  return kinds;
}

/**
 * The offsets under which the mean errors in one material are nil.
 * @returns by kind of joint { down, out, perDown, perOut }: what an offset of 1 moves it by, in head sizes
 */
function vote(poses) {
  let offsets = {};
  for (let round = 0; round < ROUNDS; round++) {
    const kinds = [...byKind(poses.flatMap((pose) => signedErrors(pose, offsets)))].filter(([, { length }]) => length >= FEWEST); // prettier-ignore
    offsets = Object.fromEntries(
      kinds.map(([kind, errors]) => {
        const of = (part) => mean(errors.map((error) => error[part]));
        const { down, out } = offsets[kind] ?? NONE;
        const [perDown, perOut] = [of('perDown'), of('perOut')];
        const next = { down: down - of('along') / perDown, out: errors[0].sided ? out - of('across') / perOut : 0 };
        return [kind, { ...next, perDown, perOut }];
      }),
    );
  }
  return offsets;
}

/** The votes' mean, for joints that the head has, without what is small. */
function agreedOn(votes) {
  const kinds = [...new Set(config.head.joints.map(withoutSide))];
  const agreed = kinds.map((kind) => {
    const said = Object.values(votes).flatMap((offsets) => offsets[kind] ?? []);
    const part = (name, per) => {
      const value = mean(said.map((one) => one[name]));
      return Math.abs(value * mean(said.map((one) => one[per]))) >= SMALL ? Number(value.toFixed(3)) : 0;
    };
    return [kind, { down: part('down', 'perDown'), out: part('out', 'perOut') }];
  });
  return Object.fromEntries(agreed.filter(([, { down, out }]) => down !== 0 || out !== 0));
}

async function fit() {
  const sets = { LSPET: photos(leedsSportsPose(data, 'train')), COCO: photos(cocoStills(data, 'train')) };
  const votesOf = async (method, materials) => {
    const votes = {};
    for (const [name, videos] of Object.entries(materials))
      votes[name] = vote(await posesOf(videos, method, dir, false));
    return votes;
  };
  const ownPose = await votesOf('single-frame', sets);
  const { clips } = JSON.parse(readFileSync(path.join(data, 'jhmdb/index.json'), 'utf8'));
  const files = clips.filter(({ split }) => split === 'validation').map(({ video }) => path.join(data, 'jhmdb', video));
  const head = await votesOf('glpose', { ...sets, JHMDB: await footage(files, agreedOn(ownPose)) });
  const votes = { ownPose, head };
  return Object.entries(votes).map(([part, said]) => ({ part, offsets: agreedOn(said), votes: said }));
}

/** A copy of the bundle that says nothing of offsets. */
function withoutOffsets() {
  const copy = mkdtempSync(path.join(tmpdir(), 'glpose-without-offsets-'));
  for (const file of readdirSync(dir))
    if (file !== 'config.json') symlinkSync(path.join(dir, file), path.join(copy, file));
  const plain = JSON.parse(readFileSync(path.join(dir, 'config.json'), 'utf8'));
  delete plain.extractor.ownPose.offsets;
  delete plain.head.offsets;
  writeFileSync(path.join(copy, 'config.json'), JSON.stringify(plain));
  return copy;
}

async function materials() {
  if (values.list === 'test')
    return { LSPET: photos(leedsSportsPose(data, 'test')), COCO: photos(cocoStills(data, 'validation')) };
  const folder = path.join(data, CLIPS);
  const files = readdirSync(folder).map((file) => path.join(folder, file));
  const { offsets = {} } = config.extractor.ownPose;
  return { LSPET: photos(leedsSportsPose(data, 'validation')), [CLIPS]: await footage(files, offsets) };
}

/** Sums by video, for the bootstrap. */
function clusters(poses, sumsOf) {
  const videos = new Map();
  for (const pose of poses) {
    const sums = videos.get(pose.video) ?? { right: 0, all: 0 };
    const { right, all } = sumsOf(pose);
    videos.set(pose.video, { right: sums.right + right, all: sums.all + all });
  }
  return [...videos.values()];
}

function meanError(poses, kind, part) {
  const of = (pose) =>
    signedErrors(pose)
      .filter((error) => error.kind === kind)
      .map((error) => error[part]);
  const { value, low, high } = ratioWithInterval(clusters(poses, (pose) => ({ right: of(pose).reduce((a, b) => a + b, 0), all: of(pose).length }))); // prettier-ignore
  return { value: value / 100, low: low / 100, high: high / 100 };
}

function pck(poses, share) {
  const isRight = ({ labels, names, joints, size }, name) => {
    const joint = joints[names.indexOf(name)];
    return Boolean(joint) && Math.hypot(joint.x - labels[name].x, joint.y - labels[name].y) < share * size;
  };
  return ratioWithInterval(
    clusters(poses, (pose) => {
      const known = LIMB_JOINTS.filter((name) => pose.labels[name]);
      return { right: known.filter((name) => isRight(pose, name)).length, all: known.length };
    }),
  );
}

async function measure() {
  const plain = withoutOffsets();
  const results = [];
  for (const [material, videos] of Object.entries(await materials())) {
    for (const method of material === CLIPS ? ['glpose'] : ['single-frame', 'glpose']) {
      for (const [offsets, bundle] of [
        ['without', plain],
        ['with', dir],
      ]) {
        const poses = await posesOf(videos, method, bundle, true);
        const kinds = [...byKind(poses.flatMap((pose) => signedErrors(pose)))].filter(([, { length }]) => length >= FEWEST); // prettier-ignore
        const joints = kinds.map(([kind]) => [kind, { along: meanError(poses, kind, 'along'), across: meanError(poses, kind, 'across') }]); // prettier-ignore
        results.push({ material, method, offsets, joints: Object.fromEntries(joints), pck: { 0.05: pck(poses, 0.05), 0.1: pck(poses, 0.1) } }); // prettier-ignore
      }
    }
  }
  rmSync(plain, { recursive: true });
  return results;
}

const inHeads = ({ value, low, high }) => `${value.toFixed(3)} [${low.toFixed(3)}, ${high.toFixed(3)}]`;

if (values.list === 'fit') {
  const results = await fit();
  if (values.json) console.log(JSON.stringify(results, null, 2));
  for (const { part, offsets, votes } of values.json ? [] : results) {
    console.log(`${part}.offsets: ${JSON.stringify(offsets)}`);
    const kinds = [...new Set(Object.values(votes).flatMap((said) => Object.keys(said)))];
    const cell = (said) => (said ? `${said.down.toFixed(3)} (${(said.down * said.perDown).toFixed(3)}), ${said.out.toFixed(3)} (${(said.out * said.perOut).toFixed(3)})` : '–'); // prettier-ignore
    printTable(['down, out (in head sizes)', ...Object.keys(votes)], kinds.map((kind) => [kind, ...Object.values(votes).map((said) => cell(said[kind]))])); // prettier-ignore
  }
} else {
  const results = await measure();
  if (values.json) console.log(JSON.stringify(results, null, 2));
  else {
    const errors = results.flatMap(({ material, method, offsets, joints }) =>
      Object.entries(joints).map(([kind, { along, across }]) => [material, method, offsets, kind, inHeads(along), inHeads(across)]),
    ); // prettier-ignore
    printTable(['material', 'method', 'offsets', 'joint', 'along the trunk', 'across'], errors);
    printTable(['material', 'method', 'offsets', 'PCK@0.05', 'PCK@0.1'], results.map(({ material, method, offsets, pck: shares }) => [material, method, offsets, ...Object.values(shares).map(inWords)])); // prettier-ignore
  }
}
