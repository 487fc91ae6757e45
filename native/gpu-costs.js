/*
 * What the head costs on a GPU, on paper: for each kernel of the paper's configuration the bytes that must move, the operations,
 * and the floor that follows on three devices. Prints a Markdown table.
 */

// C and W channels, h×w map, K joints, R references of a key
const C = 48;
const W = 48;
const PIXELS = 96 * 72;
const K = 15;
const R = 14;
const HALF = 2; // bytes
const FLOAT = 4;

/** Dense fp16 tensor-core rate with float sums, FLOP/s, and memory bandwidth, bytes/s (the makers' data sheets). */
const DEVICES = {
  'H100 SXM': { flops: 989e12, bandwidth: 3.35e12 },
  'A100 80 GB': { flops: 312e12, bandwidth: 2.04e12 },
  T4: { flops: 65e12, bandwidth: 0.32e12 },
};

const map = (channels) => PIXELS * Math.ceil(channels / 16) * 16 * HALF;

/** A convolution of one person: reads its sources, its weights and what the epilogue takes, writes one map. */
function conv(name, inputs, outputs, side, epilogueMaps = 0) {
  const weights = inputs * outputs * side * side;
  return {
    name,
    flop: 2 * weights * PIXELS,
    bytes: map(inputs) + map(outputs) * (1 + epilogueMaps) + weights * HALF,
  };
}

const KERNELS = [
  { name: 'ingest (one new map)', flop: 3 * C * PIXELS, bytes: C * PIXELS * FLOAT + map(C) },
  conv('aggregation.0.conv1', (1 + R) * C, W, 3),
  conv('aggregation.0.shortcut', (1 + R) * C, W, 1),
  conv('aggregation.0.conv2', W, W, 3, 1),
  conv('aggregation.1.conv1', W, W, 3),
  conv('aggregation.1.conv2', W, W, 3, 1),
  conv('aggregation.2.conv1', W, W, 3),
  conv('aggregation.2.conv2', W, W, 3, 1),
  conv('psi.conv1', C, W, 3),
  conv('psi.conv2 (mask)', W, W, 3, 2),
  conv('enhancement.0.conv1', W + C, W, 3),
  conv('enhancement.0.shortcut', W + C, W, 1),
  conv('enhancement.0.conv2', W, W, 3, 1),
  conv('head', W, K, 3),
  { name: 'decode', flop: 0, bytes: map(K) + K * 3 * FLOAT },
];

const microseconds = ({ flop, bytes }, { flops, bandwidth }) => 1e6 * Math.max(flop / flops, bytes / bandwidth);

console.log(
  `| kernel | MB | GFLOP | ${Object.keys(DEVICES)
    .map((name) => `${name}, µs`)
    .join(' | ')} |`,
);
console.log(`| --- | --- | --- |${' --- |'.repeat(Object.keys(DEVICES).length)}`);
const row = (name, bytes, flop, times) =>
  `| ${name} | ${(bytes / 1e6).toFixed(2)} | ${(flop / 1e9).toFixed(3)} | ${times.map((us) => us.toFixed(2)).join(' | ')} |`;
const sum = (values) => values.reduce((total, value) => total + value, 0);
for (const kernel of KERNELS) {
  console.log(
    row(
      kernel.name,
      kernel.bytes,
      kernel.flop,
      Object.values(DEVICES).map((device) => microseconds(kernel, device)),
    ),
  );
}
const totals = Object.values(DEVICES).map((device) => sum(KERNELS.map((kernel) => microseconds(kernel, device))));
console.log(
  row('**one person**', sum(KERNELS.map(({ bytes }) => bytes)), sum(KERNELS.map(({ flop }) => flop)), totals),
);
console.log(`| **persons a second, at most** | | | ${totals.map((us) => Math.round(1e6 / us)).join(' | ')} |`);
