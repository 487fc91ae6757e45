import { Command, InvalidArgumentError } from 'commander';
import { EXIT, GlposeError } from '../errors.js';
import { readTrainingLabels } from '../features/annotations.js';
import { DEGRADATIONS, type DegradationKind } from '../features/degradations.js';
import { readCutOuts } from '../features/cut-outs.js';
import { Extractor } from '../features/extractor.js';
import { labelledShares, labelVideos } from '../features/labels.js';
import { checkSpace, prospectOf, writeFeatures } from '../features/write-features.js';
import type { SampleOptions } from '../features/samples.js';
import { Warnings } from '../formats/warnings.js';
import { DEFAULT_BUNDLE } from '../bundle/bundle.js';
import { findVideos } from '../media/inputs.js';
import { nonNegativeInteger, positiveInteger, share } from '../values.js';
import { argument } from './arguments.js';
import { line, sayOn, type Terminal } from './terminal.js';

interface FeaturesOptions {
  annotations: string;
  out: string;
  model: string;
  split?: string;
  stills?: boolean;
  limit?: number;
  every: number;
  views: number;
  degraded: number;
  kinds: DegradationKind[];
  k?: number;
  m?: number;
  warp?: number | true;
  fill?: number | true;
  refine?: boolean;
  confident?: number;
  poses?: boolean;
  paste?: string[];
  seed: number;
  threads?: number;
  dryRun?: boolean;
}

/** Weight of filled-in joints where `--fill` is given bare. */
const FILL = 0.5;

/** `glpose features`: training samples, made as inference makes its features. */
export function featuresCommand(terminal: Terminal): Command {
  return new Command('features')
    .description('writes training samples of labelled videos, through the crops and the extractor of inference')
    .argument('<inputs...>', 'video files, folders of videos, folders of images, folders of such folders')
    .requiredOption('--annotations <path>', 'PoseTrack17/18/21 or COCO files, or an index of clips or photos')
    .requiredOption('-o, --out <folder>', 'where samples go; a run that was stopped goes on there')
    .option('--model <bundle>', 'a bundle by name (see glpose models list) or folder', DEFAULT_BUNDLE)
    .option('--split <name>', 'only what the annotations mark as this split (train, validation, test)')
    .option('--stills', 'every image is a photo of its own, and becomes a short clip')
    .option(
      '--limit <n>',
      'at most so many videos or photos, evenly spread over those there are',
      argument(positiveInteger),
    )
    .option('--every <n>', 'every n-th labelled frame is a key', argument(positiveInteger), 1)
    .option(
      '--views <n>',
      'samples of each key person: one as it is, the others augmented',
      argument(positiveInteger),
      1,
    )
    .option(
      '--degraded <n>',
      'degraded versions of each sample, of kinds that are drawn',
      argument(nonNegativeInteger),
      1,
    )
    .option('--kinds <names>', `kinds to draw from, of ${DEGRADATIONS.join(', ')}`, kinds, [...DEGRADATIONS])
    .option('--k <frames>', 'neighbouring frames a side; default: the head’s, or 4', argument(nonNegativeInteger))
    .option('--m <people>', 'global candidates of a video; default: the head’s, or 20', argument(nonNegativeInteger))
    .option(
      '--warp [share]',
      'also the people’s own windows in the neighbouring frames, for --reuse warp; in this share of samples, instead',
      argument(share),
    )
    .option(
      '--fill [weight]',
      `joints that labels lack and the extractor is sure of count this much; default: ${FILL} where it is given bare`,
      argument(share),
    )
    .option('--refine', 'labels near a joint that the extractor itself is sure of are moved onto it')
    .option('--poses', 'also the extractor’s own poses of the keys, for the evaluation to compare with')
    .option(
      '--paste <paths...>',
      'people to paste, moving, over the samples: COCO files with polygons, folders with images/ and masks/ of a sequence',
    )
    .option(
      '--confident <score>',
      'the annotations are predictions: joints from this score on are labels',
      argument(share),
    )
    .option('--seed <number>', 'seed of every draw', argument(nonNegativeInteger), 0)
    .option('--threads <count>', 'CPU threads; default: all cores', argument(positiveInteger))
    .option('--dry-run', 'only say how many samples there will be and how large')
    .addHelpText(
      'after',
      '\nExample:\n  glpose features clips --annotations index.json --split train --views 2 -o features/train' +
        '\ndocs/training.md describes the files.',
    )
    .action((inputs: string[], options: FeaturesOptions) => features(inputs, options, terminal));
}

function kinds(text: string): DegradationKind[] {
  return text.split(',').map((part) => {
    const kind = DEGRADATIONS.find((known) => known === part.trim());
    if (kind === undefined) throw new InvalidArgumentError(`"${part.trim()}" is none of ${DEGRADATIONS.join(', ')}.`);
    return kind;
  });
}

async function features(inputs: string[], options: FeaturesOptions, terminal: Terminal): Promise<void> {
  const say = sayOn(terminal);
  const {
    annotations,
    out,
    split,
    fill,
    stills = false,
    warp = false,
    refine = false,
    poses = false,
    paste = [],
  } = options;
  const warnings = new Warnings(true);
  const sequences = readTrainingLabels(annotations, warnings, options.confident);
  for (const { text, count, first } of warnings.list()) say(`${annotations}: ${count} ${text} (first: ${first})`);
  const { videos, failures, warnings: passedOver } = await findVideos(inputs);
  passedOver.forEach(say);
  for (const { error } of failures) say(error.message);

  const extractor = await Extractor.open(options.model, { threads: options.threads });
  try {
    const found = labelVideos(videos, sequences, extractor.joints, { stills, split });
    const labelled = spread(found, options.limit ?? found.length);
    if (labelled.length === 0) throw nothingLabelled(options, videos.length);
    const { head } = extractor.bundle.config;
    const { every, views, degraded, seed } = options;
    const settings: SampleOptions = {
      ...{ every, views, degraded, seed, stills, warp, refine, poses },
      paste: paste.length > 0 ? await readCutOuts(paste, split, extractor) : [],
      kinds: options.kinds,
      k: options.k ?? head?.k ?? 4,
      m: options.m ?? head?.m ?? 20,
      fill: fill === undefined ? 0 : fill === true ? FILL : fill,
      signal: terminal.signal,
    };
    const prospect = await prospectOf(out, labelled, extractor, settings);
    const size = `${(prospect.bytes / 1e9).toFixed(2)} GB`;
    say(`${labelled.length} videos, ${prospect.samples} samples, ${prospect.maps} feature maps, ${size}`);
    const shares = labelledShares(labelled, extractor.joints.length).map((part) => `${Math.round(100 * part)} %`);
    say(`people with a label: ${extractor.joints.map((joint, i) => `${joint} ${shares[i]}`).join(', ')}`);
    if (options.dryRun) return;
    await checkSpace(out, prospect);

    let failed = failures.length;
    let done = 0;
    const started = performance.now();
    let written = 0;
    const index = await writeFeatures(out, prospect.plans, extractor, {
      ...settings,
      onVideo: ({ name, samples, maps }, before) => {
        if (!before) written += maps;
        const rate = before ? 'was there' : `${(written / ((performance.now() - started) / 1000)).toFixed(1)} maps/s`;
        say(`${++done}/${labelled.length} ${name}: ${samples.length} samples, ${rate}`);
      },
      onFailure: (video, error) => {
        failed++;
        say(`${video.input.name}: ${error.message}`);
      },
    });
    const samples = index.videos.reduce((total, video) => total + video.samples.length, 0);
    terminal.out(line(`${out}  ${samples} samples of ${index.videos.length} videos`));
    terminal.exitCode = failed === 0 ? EXIT.done : EXIT.someFailed;
  } finally {
    await extractor.dispose();
  }
}

/** At most `count` of the items, evenly spread. */
function spread<T>(items: readonly T[], count: number): T[] {
  const step = Math.max(1, items.length / count);
  return Array.from({ length: Math.min(count, items.length) }, (_, i) => items[Math.floor(i * step)]);
}

function nothingLabelled({ annotations, split, stills }: FeaturesOptions, videos: number): GlposeError {
  const what = split === undefined ? '' : ` of split ${split}`;
  return new GlposeError(
    'ANNOTATION',
    `${annotations} labels none of the ${videos} inputs${what}`,
    stills
      ? 'Photos are found by their file names: give their folder.'
      : 'Videos are found by their names; photos need --stills.',
  );
}
