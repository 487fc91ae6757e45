/*
 * What many hours of video cost: the stages that `glpose bench` measured on this machine, carried to as many cores as it takes, and
 * beside it GPU nodes, whose figures are data sheets and assumptions, not measurements.
 *
 *   glpose bench --threads 1 --json > bench.json
 *   node scripts/cost-model.mjs bench.json [--hours 10000] [--fps 25] [--people 3] [--cores 32] [--price-core 0.04] …
 *
 * Prints Markdown (docs/scaling.md holds it). Every option is an assumption to be replaced by one's own; --help lists them.
 */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';

/** name: [default, what it means] */
const ASSUMED = {
  hours: [10_000, 'hours of video'],
  fps: [25, 'frames a second'],
  people: [3, 'people in a frame, on average'],
  cores: [32, 'cores of a node'],
  scaling: [0.9, 'of a core’s speed alone that each of all cores keeps (clock, memory)'],
  imbalance: [1.05, 'time of the slowest shard over the mean'],
  'price-core': [0.04, 'price of a core for an hour, in any currency'],
  gpus: [4, 'GPUs of a GPU node'],
  'gpu-tflops': [312, 'peak half-precision TFLOP/s of a GPU, by its data sheet (A100)'],
  'gpu-share': [0.3, 'of that which the extractor reaches'],
  'extractor-gflop': [
    40.6,
    'GFLOP of the extractor a person (HRNet-W48 at 288×384, cut at stage 3, branch 0: 20.3 G multiply-adds in its convolutions)',
  ],
  'detector-floor': [82.66, 'µs of the detector a frame, the floor of native/gpu-costs.js detector (A100)'],
  'detector-over': [5, 'times the floor that the detector takes'],
  'head-floor': [31.42, 'µs of the head a person, the floor of native/gpu-costs.js (A100)'],
  'head-over': [2, 'times the floor that the head takes'],
  'price-gpu': [2, 'price of a GPU for an hour, its share of the node included'],
};

const { values, positionals } = parseArgs({
  options: {
    help: { type: 'boolean' },
    ...Object.fromEntries(Object.keys(ASSUMED).map((name) => [name, { type: 'string' }])),
  },
  allowPositionals: true,
});
if (values.help || positionals.length !== 1) {
  console.log('node scripts/cost-model.mjs <output of glpose bench --threads 1 --json> [--<assumption> <number>]');
  for (const [name, [value, meaning]] of Object.entries(ASSUMED)) console.log(`  --${name} (${value}): ${meaning}`);
  process.exit(values.help ? 0 : 2);
}
const assumed = (name) => {
  const value = Number(values[name] ?? ASSUMED[name][0]);
  if (!(value > 0)) throw new Error(`--${name} must be a number above 0`);
  return value;
};

const bench = JSON.parse(readFileSync(positionals[0], 'utf8'));
if (bench.threads !== 1)
  throw new Error(`${positionals[0]} was measured with ${bench.threads} threads: use --threads 1`);
const milliseconds = (stage) => bench.stages.find((each) => each.stage === stage).median;

const people = assumed('people');
const frames = assumed('hours') * 3600 * assumed('fps');
/** Of one frame: how often each stage runs. A video is read twice; a batch of the head is what the pipeline gathers. */
const STAGES = [
  ['decode', 2],
  ['detector', 1],
  ['crop', people],
  ['extractor', people],
  ['ingest', people],
  ['head, 8 at once', people],
];
const perFrame = STAGES.map(([stage, times]) => ({
  stage,
  times,
  each: milliseconds(stage),
  ms: times * milliseconds(stage),
}));
const cpu = perFrame.reduce((total, { ms }) => total + ms, 0);

console.log(`| stage | ms, one core | times a frame | ms a frame | share |\n| --- | ---: | ---: | ---: | ---: |`);
for (const { stage, times, each, ms } of perFrame)
  console.log(`| ${stage} | ${each.toFixed(2)} | ${times} | ${ms.toFixed(2)} | ${((100 * ms) / cpu).toFixed(0)} % |`);
console.log(`| all | | | ${cpu.toFixed(2)} | |\n`);

const coreHours = (frames * cpu) / 3.6e6 / assumed('scaling');
const nodes = (hours) => (coreHours * assumed('imbalance')) / assumed('cores') / hours;
console.log(
  `${assumed('hours')} hours at ${assumed('fps')} frames a second, ${people} people a frame: ${number(frames)} frames, ${number(frames * people)} poses.\n`,
);
console.log('| | CPU nodes, carried from what was measured | GPU nodes, assumed |\n| --- | ---: | ---: |');

// On a GPU node decoding and cutting the detector's input stay on its cores; everything else is the GPU's.
const onCores = 2 * milliseconds('decode') + milliseconds('crop');
const extractorMs = assumed('extractor-gflop') / (assumed('gpu-tflops') * assumed('gpu-share'));
const headMs = (assumed('head-floor') * assumed('head-over')) / 1000;
const detectorMs = (assumed('detector-floor') * assumed('detector-over')) / 1000;
const gpuHours = (frames * (detectorMs + people * (extractorMs + headMs))) / 3.6e6;
const feedHours = (frames * onCores) / 3.6e6 / assumed('scaling');
const nodeHours = Math.max(gpuHours / assumed('gpus'), feedHours / assumed('cores')) * assumed('imbalance');
const bound = gpuHours / assumed('gpus') > feedHours / assumed('cores') ? 'the GPUs' : 'its cores, which decode';

row('work', `${number(coreHours)} core-hours`, `${number(gpuHours)} GPU-hours + ${number(feedHours)} core-hours`);
row(
  'node-hours, shards unequal as assumed',
  number((coreHours * assumed('imbalance')) / assumed('cores')),
  `${number(nodeHours)} (bound by ${bound})`,
);
row('nodes for a week', Math.ceil(nodes(168)), Math.ceil(nodeHours / 168));
row(
  'times real time, a node',
  (assumed('hours') / ((coreHours * assumed('imbalance')) / assumed('cores'))).toFixed(1),
  (assumed('hours') / nodeHours).toFixed(1),
);
row(
  'price',
  number(coreHours * assumed('imbalance') * assumed('price-core')),
  number(nodeHours * assumed('gpus') * assumed('price-gpu')),
);
console.log(
  `\nAssumed: ${Object.entries(ASSUMED)
    .map(([name, [, meaning]]) => `${name} ${assumed(name)} (${meaning})`)
    .join('; ')}.`,
);

function row(what, cpuNodes, gpuNodes) {
  console.log(`| ${what} | ${cpuNodes} | ${gpuNodes} |`);
}

function number(value) {
  return value >= 100 ? Math.round(value).toLocaleString('en') : value.toFixed(1);
}
