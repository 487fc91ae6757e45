import { stat } from 'node:fs/promises';
import path from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import { COCO_JOINTS, JHMDB_JOINTS, LSP_JOINTS, POSETRACK17_JOINTS, POSETRACK18_JOINTS } from '../joints.js';
import { DEFAULT_BUNDLE, fileNames, headShape, loadBundle, shippedBundles, type Bundle } from '../bundle/bundle.js';
import type { DetectorConfig } from '../bundle/config.js';
import { headOnnx } from '../models/head-onnx.js';
import { importHrnet } from '../models/import-hrnet.js';
import { addon } from '../native/binding.js';
import { describeRuntime, readNetwork } from '../onnx/network-session.js';
import { writeAtomically } from '../storage/atomic-write.js';
import { line, sayOn, type Terminal } from './terminal.js';
import { packCommand, unpackCommand } from './models-pack.js';
import { quantizeCommand } from './models-quantize.js';

const LAYOUTS: Record<string, readonly string[]> = {
  coco: COCO_JOINTS,
  posetrack17: POSETRACK17_JOINTS,
  posetrack18: POSETRACK18_JOINTS,
  jhmdb: JHMDB_JOINTS,
  lsp: LSP_JOINTS,
};

/** `glpose models`: what bundles there are, and how to make and take them apart. */
export function modelsCommand(terminal: Terminal): Command {
  const models = new Command('models').description(
    'lists, describes, imports, exports, quantizes and packs models (bundles)',
  );
  models.addCommand(listCommand(terminal));
  models.addCommand(infoCommand(terminal));
  models.addCommand(importCommand(terminal));
  models.addCommand(exportCommand(terminal));
  models.addCommand(quantizeCommand(terminal));
  models.addCommand(packCommand(terminal));
  models.addCommand(unpackCommand(terminal));
  return models;
}

interface JsonOption {
  json?: boolean;
}

function listCommand(terminal: Terminal): Command {
  return new Command('list')
    .description('lists the bundles that come with glpose')
    .option('--json', 'print one JSON document')
    .addHelpText('after', '\nExample:\n  glpose models list')
    .action(async ({ json }: JsonOption) => {
      const bundles = await Promise.all((await shippedBundles()).map(loadBundle));
      const rows = bundles.map(({ config: { name, description, license, head } }) => ({
        name,
        description,
        license,
        trained: head?.trained ?? false,
        default: name === DEFAULT_BUNDLE,
      }));
      if (json) terminal.out(document({ models: rows }));
      else
        for (const row of rows) terminal.out(line(`${row.name}${row.default ? ' (default)' : ''}  ${row.description}`));
    });
}

function infoCommand(terminal: Terminal): Command {
  return new Command('info')
    .description('describes a bundle: architecture, files, digest')
    .argument('[bundle]', 'a bundle by name or folder', DEFAULT_BUNDLE)
    .option('--json', 'print one JSON document')
    .addHelpText('after', `\nExample:\n  glpose models info ${DEFAULT_BUNDLE}`)
    .action(async (nameOrPath: string, { json }: JsonOption) => {
      const bundle = await loadBundle(nameOrPath);
      if (bundle.config.head) await bundle.loadHead(); // a damaged head shows here
      const sha256 = await bundle.sha256();
      const files = await Promise.all(
        fileNames(bundle.config).map(async (name) => ({
          name,
          bytes: (await stat(path.join(bundle.dir, name))).size,
        })),
      );
      const { input, features } = bundle.config.extractor;
      const own = await readNetwork(bundle.extractorFile, input, [features.output]);
      const { missing: missingOperator } = own;
      if (json) terminal.out(document({ dir: bundle.dir, sha256, files, missingOperator, config: bundle.config }));
      else terminal.out(describe(bundle, sha256, files, describeRuntime(addon(), own)));
    });
}

function describe(
  { dir, config }: Bundle,
  sha256: string,
  files: { name: string; bytes: number }[],
  runtime: string,
): string {
  const { extractor, detector, head } = config;
  const { input, features, ownPose } = extractor;
  const rows: [string, string][] = [
    ['name', config.name],
    ['description', config.description],
    ['license', config.license],
    ['folder', dir],
    ['sha256', sha256],
    ['input', `${input.width}×${input.height} RGB`],
    ['features', `C = ${features.channels}, ${features.width}×${features.height}`],
    ['extractor runs in', runtime],
    ['single-frame pose', `${ownPose.kind}, ${ownPose.joints.length} joints`],
    ['detector', detector ? describeDetector(detector) : 'none: give --boxes or --detector'],
  ];
  if (head) {
    rows.push(
      [
        'head',
        `${head.trained ? 'trained' : 'NOT TRAINED'}, ${head.joints.length} joints, blocks of ${head.blockWidth}`,
      ],
      ['frames and people', `k = ${head.k}, n = ${head.n} of m = ${head.m}, similarity per ${head.similarity}`],
      ['enhancement', head.enhancement ? `${head.enhancementBlocks} block(s)` : 'off'],
      ['conditions', head.conditions ? 'on: the head is told where joints are expected' : 'off'],
      ['heat maps', `${head.kernel}×${head.kernel} convolution, decoding: ${head.decode}`],
      ['joints', head.joints.join(' ')],
      ['moved by offsets', Object.keys(head.offsets ?? {}).join(' ') || 'none'],
    );
  } else rows.push(['head', 'none: single-frame only']);
  for (const { name, bytes } of files) rows.push(['file', `${name}  ${(bytes / 1e6).toFixed(1)} MB`]);
  return rows.map(([key, value]) => `${key.padEnd(18)} ${value}\n`).join('');
}

function describeDetector({ kind, input }: DetectorConfig): string {
  const size = 'longerSide' in input ? `longer side ${input.longerSide}` : `${input.width}×${input.height}`;
  return `${kind}, ${size}`;
}

interface ImportCommandOptions extends JsonOption {
  out?: string;
  joints?: readonly string[];
  tensor?: string;
  inputSize?: { width: number; height: number };
}

function importCommand(terminal: Terminal): Command {
  return new Command('import')
    .description('makes a bundle out of an HRNet in ONNX: cuts it at stage 3, branch 0, and checks the cut')
    .argument('<onnx>', 'an HRNet for poses, as the official code or mmpose export it, that gives heat maps')
    .option('-o, --out <folder>', 'the bundle to make; default: a folder named as the file, here')
    .option(
      '--joints <layout>',
      `joints of its heat maps: ${Object.keys(LAYOUTS).join(', ')}, or names with commas (default: coco)`,
      jointLayout,
    )
    .option('--tensor <name>', 'cut at this tensor, where the topology is not recognised')
    .option('--input-size <W>x<H>', 'for graphs that leave the input size free (default: 288x384)', inputSize)
    .option('--json', 'print one JSON document')
    .addHelpText('after', '\nExample:\n  glpose models import hrnet_w48_384x288.onnx -o hrnet-w48')
    .action(async (source: string, { out, json, ...options }: ImportCommandOptions) => {
      const dir = out ?? path.basename(source, '.onnx');
      const report = await importHrnet(source, dir, { ...options, joints: options.joints ?? COCO_JOINTS });
      const say = sayOn(terminal);
      if (!options.joints) {
        const doubt = 'weights trained on PoseTrack need --joints posetrack18';
        say(`its 17 heat maps are taken for the COCO joints; ${doubt}`);
      }
      say('the head is not trained; --method single-frame gives the network’s own poses');
      if (json) return terminal.out(document(report));
      const { input, features, nodes } = report;
      terminal.out(
        line(
          `${dir}  cut at ${report.tensor} (${nodes.cut} of ${nodes.whole} operators), ${input.width}×${input.height} → ` +
            `${features.channels}×${features.height}×${features.width}, equal to the whole network`,
        ),
      );
    });
}

function exportCommand(terminal: Terminal): Command {
  return new Command('export')
    .description('writes the GLPose head of a bundle as an ONNX graph (opset 13)')
    .argument('[bundle]', 'a bundle by name or folder', DEFAULT_BUNDLE)
    .requiredOption('-o, --out <file>', 'the ONNX file to write')
    .option('--json', 'print one JSON document')
    .addHelpText(
      'after',
      '\nInputs: key [1, C, h, w], references [2k + n, C, h, w], weights [2k + n, C]; the extractor’s maps as they are.' +
        '\nWith conditions also expected [1 + 2k, 9, 13, 2]: x, y in cells of the joints of the person, then of eight others; NaN: unknown.' +
        '\nOutputs: heatmaps [1, K, h, w] and, with enhancement, mask.' +
        '\n\nExample:\n  glpose models export glpose-movenet -o head.onnx',
    )
    .action(async (nameOrPath: string, { out, json }: JsonOption & { out: string }) => {
      const bundle = await loadBundle(nameOrPath);
      const shape = headShape(bundle.config);
      const { name, license, head } = bundle.config;
      const about = `GLPose head of ${name}${head!.trained ? '' : ' (NOT TRAINED)'}; terms: ${license}`;
      const onnx = headOnnx(shape, await bundle.loadHead(), about);
      await writeAtomically(out, onnx);
      if (!head!.trained) sayOn(terminal)(`the head of ${name} is not trained: its weights are random`);
      const { channels, height, width, k, n, joints } = shape;
      const result = { file: out, bytes: onnx.length, channels, height, width, references: 2 * k + n, joints };
      terminal.out(json ? document(result) : line(`${out}  ${(onnx.length / 1e6).toFixed(1)} MB`));
    });
}

function document(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

function jointLayout(text: string): readonly string[] {
  if (Object.hasOwn(LAYOUTS, text)) return LAYOUTS[text];
  const names = text.split(',').map((name) => name.trim());
  if (names.length < 2) throw new InvalidArgumentError(`Expected ${Object.keys(LAYOUTS).join(', ')}, or joint names.`);
  return names;
}

function inputSize(text: string): { width: number; height: number } {
  const match = /^(\d{1,5})x(\d{1,5})$/.exec(text);
  const [width, height] = match ? match.slice(1).map(Number) : [0, 0];
  if (width === 0 || height === 0 || width % 32 !== 0 || height % 32 !== 0) {
    throw new InvalidArgumentError('Expected <width>x<height> in multiples of 32, such as 288x384.');
  }
  return { width, height };
}
