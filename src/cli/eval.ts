import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { Command, Option } from 'commander';
import { GlposeError, messageOf } from '../errors.js';
import { METRICS, type Evaluation, type MetricName, type MetricOptions } from '../evaluation/metrics.js';
import { textTable } from '../evaluation/text-table.js';
import { stepByStep } from '../concurrency/steps.js';
import { deviations } from '../run/protocol.js';
import { PROTOCOL_NAMES, type ProtocolName } from '../run/protocol-names.js';
import { readRecord, recordFiles } from '../run/record.js';
import { line, type Terminal } from './terminal.js';
import { oneLine } from './escape-control-characters.js';

interface EvalOptions extends Required<Pick<MetricOptions, 'allowMissing' | 'tracks'>> {
  annotations: string;
  metric: MetricName;
  dialect?: MetricOptions['dialect'];
  json?: boolean;
  details?: boolean;
  report?: string;
  frames?: string;
  protocol?: ProtocolName;
}

const HELP = `
Measures:
  posetrack-ap   AP, precision, recall and, where both sides have track ids, MOTA and MOTP, as poseval computes them
  pckh           PCKh@0.5 over assigned people
  coco-oks       COCO keypoint AP and AR by object keypoint similarity
  sub-jhmdb-pck  PCK@0.2 by box and by torso; annotations are JHMDB's folder or mmpose's JSON files

Formats: PoseTrack17, 18 and 21, COCO; a file or a folder of files, each side in any of them. Several predictions are
compared side by side.

Examples:
  glpose eval out --annotations posetrack18/annotations/val
  glpose eval ours theirs --annotations val --report comparison.html --frames posetrack18
  glpose eval results.json --annotations person_keypoints_val2017.json --metric coco-oks --json`;

/** `glpose eval`: predictions against annotations. */
export function evalCommand(terminal: Terminal): Command {
  return new Command('eval')
    .description('scores predictions against annotations with the measures of the field')
    .argument('<predictions...>', 'file or folder of predictions; several to compare them')
    .requiredOption('--annotations <path>', 'file or folder of annotations')
    .addOption(new Option('--metric <name>', 'measure').choices(Object.keys(METRICS)).default('posetrack-ap'))
    .option('--json', 'print one JSON document')
    .option('--details', 'with --json: also MOTP, every sequence, counts and warnings')
    .option('--report <file>', 'write a self-contained HTML page')
    .option('--frames <folder>', 'where the frames lie, for the pictures in the report')
    .option('--allow-missing', 'score what both sides have where something is missing', false)
    .option('--no-tracks', 'leave MOTA out')
    .addOption(
      new Option('--dialect <name>', 'read annotations as this instead of what they look like').choices([
        'coco',
        'posetrack18',
        'posetrack21',
      ]),
    )
    .addOption(
      new Option('--protocol <name>', 'say where a run was made otherwise than published numbers').choices(
        PROTOCOL_NAMES,
      ),
    )
    .addHelpText('after', HELP)
    .action(async (predictions: string[], options: EvalOptions) => {
      const { annotations, metric, allowMissing, tracks, dialect } = options;
      const { title, preparing } = METRICS[metric];
      const { signal } = terminal;
      const evaluating = await stepByStep(preparing(annotations, { allowMissing, tracks, dialect }), signal);
      const names = runNames(predictions);
      const runs: { name: string; evaluation: Evaluation }[] = [];
      for (const [i, source] of predictions.entries()) {
        runs.push({ name: names[i], evaluation: await stepByStep(evaluating(source), signal) });
      }
      for (const [i, source] of options.protocol ? predictions.entries() : []) {
        for (const difference of madeOtherwise(options.protocol!, source))
          terminal.err(line(`${names[i]}: ${difference}`));
      }
      for (const { name, evaluation } of runs) terminal.err(basis(runs.length > 1 ? `${name}: ` : '', evaluation));
      if (options.json) {
        const documents = runs.map(({ evaluation }) => document(evaluation, options.details ?? false));
        const all = { runs: Object.fromEntries(names.map((name, i) => [name, documents[i]])) };
        terminal.out(`${JSON.stringify(runs.length === 1 ? documents[0] : all, null, 2)}\n`);
      } else {
        const rows = runs.flatMap(({ name, evaluation }) =>
          evaluation.table.rows.map((row) =>
            runs.length === 1 ? row : { ...row, name: oneLine(`${name}: ${row.name}`) },
          ),
        );
        terminal.out(textTable(runs[0].evaluation.table.headings, rows));
      }
      // After the figures, which took long, since the place of the report may be wrong.
      if (options.report !== undefined) {
        const { buildReport } = await import('../evaluation/report/report.js'); // the plots take time to load
        const page = await buildReport({ title, metric, annotations, runs, frames: options.frames });
        signal.throwIfAborted();
        write(options.report, page);
        terminal.err(line(`report: ${options.report}`));
      }
    });
}

/** How the run that predictions come from differs from a protocol, in lines. */
function madeOtherwise(protocol: ProtocolName, source: string): string[] {
  const records = [source, path.dirname(path.resolve(source))].map(recordFiles);
  const { whole, shards } = records.find((files) => files.whole !== null || files.shards.length > 0) ?? records[0];
  const file = whole ?? shards[0];
  if (file === undefined) return ['no run.json: how these poses were made is not known'];
  const { options, model, filters } = readRecord(file);
  const different = deviations(protocol, options, model.decode);
  if (filters) different.push('filtered afterwards (glpose filter)');
  return different.map((difference) => `not as published numbers (${protocol}): ${difference}`);
}

function document({ summary, details, counts, warnings }: Evaluation, withDetails: boolean): object {
  return withDetails ? { ...summary, ...details, counts, warnings } : summary;
}

/** What the figures stand on, and everything that was passed over. */
function basis(prefix: string, { counts, warnings }: Evaluation): string {
  const counted = Object.entries(counts).map(([kind, count]) => `${count} ${words(kind)}`);
  const notes = warnings.map(({ text, count, first }) => `${prefix}note: ${count} ${text} (first: ${first})`);
  return [`${prefix}scored: ${counted.join(', ')}`, ...notes].map(line).join('');
}

/** annotatedPeople → annotated people */
function words(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}

/** As many of the last parts of each path as tell them apart; the paths as given where nothing does. */
function runNames(sources: readonly string[]): string[] {
  const parts = sources.map((source) => {
    const { dir, name } = path.parse(path.resolve(source));
    return [...dir.split(path.sep), name];
  });
  const deepest = Math.max(...parts.map(({ length }) => length));
  for (let depth = 1; depth <= deepest; depth++) {
    const short = parts.map((some) => some.slice(-depth).join('/'));
    if (new Set(short).size === short.length) return short;
  }
  return [...sources];
}

function write(file: string, text: string): void {
  try {
    writeFileSync(file, text);
  } catch (cause) {
    throw new GlposeError('OUTPUT', `${file} cannot be written: ${messageOf(cause)}`, 'Choose another --report.', {
      cause,
    });
  }
}
