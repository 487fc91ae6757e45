import { Command, InvalidArgumentError, Option } from 'commander';
import { METRICS } from '../evaluation/metrics.js';
import {
  QUANTIZE_DEFAULTS,
  quantizeBundle,
  type NetworkReport,
  type QuantizeOptions,
} from '../models/quantize/quantize-bundle.js';
import { positiveInteger } from '../values.js';
import { argument } from './arguments.js';
import { line, sayOn, type Terminal } from './terminal.js';

interface QuantizeCommandOptions extends QuantizeOptions {
  out: string;
  json?: boolean;
}

const HELP = `
Examples:
  glpose models quantize hrnet-w48 --calibrate games/*.mp4 -o hrnet-w48-int8
  glpose models quantize hrnet-w48 --calibrate val/images --annotations val/annotations -o hrnet-w48-int8
  glpose models quantize hrnet-w48 --calibrate game.mp4 --type float16 -o hrnet-w48-half`;

/** `glpose models quantize`: a bundle of smaller, faster networks, checked against the one that it is made from. */
export function quantizeCommand(terminal: Terminal): Command {
  const { type, metric, maxDrop, crops } = QUANTIZE_DEFAULTS;
  return new Command('quantize')
    .description('makes a bundle with an int8 extractor, which runs faster on a CPU, or with float16 weights')
    .argument('<bundle>', 'a bundle by name or folder')
    .requiredOption('--calibrate <video...>', 'videos or frame folders of people, such as it will be used on')
    .requiredOption('-o, --out <folder>', 'the bundle to make')
    .addOption(new Option('--type <name>', 'number format').choices(['int8', 'float16']).default(type))
    .option('--annotations <path>', 'annotations of the videos, to measure the accuracy before and after')
    .addOption(new Option('--metric <name>', 'its measure').choices(Object.keys(METRICS)).default(metric))
    .option('--max-drop <points>', 'with --annotations: write nothing where more is lost', points, maxDrop)
    .option('--crops <n>', 'crops of people to calibrate with', argument(positiveInteger), crops)
    .option('--boxes <file>', 'person boxes to use instead of the detector')
    .option('--threads <n>', 'CPU threads for measuring the accuracy (default: all cores)', argument(positiveInteger))
    .option('--json', 'print one JSON document')
    .addHelpText('after', HELP)
    .action(async (bundle: string, { out, json, ...options }: QuantizeCommandOptions) => {
      const say = sayOn(terminal);
      const report = await quantizeBundle(bundle, out, { ...options, signal: terminal.signal, onStep: say });
      if (report.accuracy.length === 0) {
        say('no --annotations: the accuracy was not measured and --max-drop not applied');
      }
      for (const { file, milliseconds } of report.networks) {
        if (report.type === 'int8' && milliseconds.after > milliseconds.before) {
          say(`on this machine ${file} is slower than before: int8 does not pay`);
        }
      }
      if (json) return terminal.out(`${JSON.stringify(report, null, 2)}\n`);
      terminal.out(line(`${out}  ${report.type}, ${report.crops.calibration} crops`));
      for (const network of report.networks) terminal.out(describe(network));
      for (const { method, metric: measure, table } of report.accuracy)
        terminal.out(`\n${method}, ${measure}\n${table}`);
    });
}

function describe({ file, bytes, milliseconds, nmse, integerOperators }: NetworkReport): string {
  const parts = [
    `${(bytes.before / 1e6).toFixed(1)} → ${(bytes.after / 1e6).toFixed(1)} MB`,
    `${milliseconds.before.toFixed(1)} → ${milliseconds.after.toFixed(1)} ms a crop on one core`,
  ];
  if (integerOperators > 0) parts.push(`${integerOperators} integer operators`);
  const errors = Object.entries(nmse).map(([output, value]) => `${output} ${value.toExponential(1)}`);
  return `${file}  ${parts.join(', ')}\n  NMSE: ${errors.join(', ')}\n`;
}

/** Points on a scale of 0–100. */
function points(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !(value >= 0 && value <= 100))
    throw new InvalidArgumentError('Expected a number from 0 to 100.');
  return value;
}
