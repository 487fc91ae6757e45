/*
 * What a network costs on a GPU, on paper: for each kernel the bytes that must move, the operations, and the floor that follows on three
 * devices. Prints a Markdown table.
 *
 *   node native/gpu-costs.js              the head in the paper's configuration
 *   node native/gpu-costs.js extractor    HRNet-W48, cut at stage 3, branch 0, 288×384: equal layers together (after npm run build)
 *   node native/gpu-costs.js default      the default bundle's extractor, 192×256, with what is read out of its maps
 *   node native/gpu-costs.js detector     the default bundle's detector, a frame of 16:9
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

/** The head's kernels. */
const HEAD = [
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
const sum = (values) => values.reduce((total, value) => total + value, 0);

const { sourcesOf } = process.argv[2] ? await from('bench/network-reference.js') : {};
switch (process.argv[2]) {
  case 'extractor':
    print('a crop', 'crops', kernelsOf(await hrnet()));
    break;
  case 'default':
    print('a crop', 'crops', kernelsOf(await defaultExtractor()));
    break;
  case 'detector':
    print('a frame', 'frames', kernelsOf(await defaultDetector()));
    break;
  default:
    print('one person', 'persons', HEAD);
}

/** @param unit what the kernels do together @param units of a second */
function print(unit, units, kernels) {
  const names = Object.keys(DEVICES).map((name) => `${name}, µs`);
  console.log(`| kernel | MB | GFLOP | ${names.join(' | ')} |`);
  console.log(`| --- | --- | --- |${' --- |'.repeat(names.length)}`);
  const row = (name, { bytes, flop }, times) => {
    const figures = [(bytes / 1e6).toFixed(2), (flop / 1e9).toFixed(3), ...times.map((us) => us.toFixed(2))];
    console.log(`| ${name} | ${figures.join(' | ')} |`);
  };
  const times = kernels.map(({ count = 1, ...kernel }) =>
    Object.values(DEVICES).map((device) => count * microseconds(kernel, device)),
  );
  kernels.forEach(({ name, count = 1, flop, bytes }, i) =>
    row(count === 1 ? name : `${count} × ${name}`, { flop: count * flop, bytes: count * bytes }, times[i]),
  );
  const totals = Object.values(DEVICES).map((_, device) => sum(times.map((kernel) => kernel[device])));
  const all = (of) => sum(kernels.map((kernel) => (kernel.count ?? 1) * kernel[of]));
  row(`**${unit}**`, { bytes: all('bytes'), flop: all('flop') }, totals);
  console.log(`| **${units} a second, at most** | | | ${totals.map((us) => Math.round(1e6 / us)).join(' | ')} |`);
}

/** Of what npm run build has made. */
function from(file) {
  return import(new URL(`../dist/src/${file}`, import.meta.url));
}

async function hrnet() {
  const { hrnetGraph } = await from('bench/hrnet-graph.js');
  const { cutOnnx } = await from('models/onnx-cut.js');
  const { OnnxGraph } = await from('onnx/graph.js');
  const { parseOnnx } = await from('onnx/onnx-model.js');
  const { lower } = await from('onnx/lowering/lower.js');
  const size = { width: 288, height: 384 };
  const { onnx, stage3Branch0 } = hrnetGraph({ width: C, size, modules: [1, 4, 0] });
  const cut = cutOnnx(parseOnnx(onnx, 'HRNet-W48'), stage3Branch0);
  return lower(new OnnxGraph(parseOnnx(cut, 'HRNet-W48')), { channels: 3, ...size }).network;
}

async function defaultExtractor() {
  const { bundle, readNetwork } = await defaultBundle();
  const { ownPoseOutputs, withReadOuts } = await from('estimation/own-pose.js');
  const { input, features, ownPose } = bundle.config.extractor;
  const outputs = [features.output, ...ownPoseOutputs(ownPose)];
  const { network } = await readNetwork(bundle.extractorFile, input, outputs);
  return withReadOuts(network, outputs, ownPose).network;
}

async function defaultDetector() {
  const { bundle, readNetwork } = await defaultBundle();
  const { name, longerSide } = bundle.config.detector.input;
  const size = { width: longerSide, height: (longerSide * 9) / 16 };
  const outputs = Object.values(bundle.config.detector.outputs);
  return (await readNetwork(bundle.detectorFile, { name, ...size }, outputs)).network;
}

async function defaultBundle() {
  const { DEFAULT_BUNDLE, loadBundle } = await from('bundle/bundle.js');
  const { readNetwork } = await from('onnx/network-session.js');
  return { bundle: await loadBundle(DEFAULT_BUNDLE), readNetwork };
}

/** The layers of a network as the addon runs them, equal ones once. */
function kernelsOf(network) {
  const bytesOf = ({ channels, height, width }) => height * width * Math.ceil(channels / 16) * 16 * HALF;
  const kernels = new Map();
  for (const layer of network.layers) {
    const out = network.maps[layer.out];
    const [source] = sourcesOf(layer).map((map) => network.maps[map]);
    const weights = layer.op === 'conv' ? layer.weight.length / FLOAT : 0;
    const what =
      layer.op === 'conv'
        ? `${layer.depthwise ? 'depthwise ' : ''}${layer.kernel}×${layer.kernel}${layer.stride > 1 ? `/${layer.stride}` : ''} ${source.channels}→${out.channels}`
        : `${layer.op} of ${sourcesOf(layer).length}, ${out.channels}`;
    const name = `${what}, ${out.height}×${out.width}${layer.addend == null ? '' : ', adding'}`;
    const known = kernels.get(name);
    if (known) known.count++;
    else {
      const read = sum(sourcesOf(layer).map((map) => bytesOf(network.maps[map])));
      const flop = 2 * weights * out.height * out.width;
      kernels.set(name, { name, count: 1, flop, bytes: read + bytesOf(out) + weights * HALF });
    }
  }
  return [...kernels.values()];
}
