import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { Command } from 'commander';
import { EXIT, GlposeError, messageOf } from '../errors.js';
import { DEFAULT_BUNDLE } from '../bundle/bundle.js';
import { addon, addonOrigin, unsupportedSystem } from '../native/binding.js';
import { VERSION } from '../version.js';
import { findCudaProvider } from '../onnx/cuda-provider.js';
import { describeRuntime, readNetwork } from '../onnx/network-session.js';
import { Model } from '../estimation/model.js';
import type { Terminal } from './terminal.js';

/** One thing that glpose needs or could use. */
interface Finding {
  what: string;
  state: 'ok' | 'missing' | 'optional';
  found: string;
  /** What to do about it where it is not ok. */
  remedy?: string;
}

/** `glpose doctor`: what this machine has, and what to do about what is missing. Exit code 1 where glpose cannot run. */
export function doctorCommand(terminal: Terminal): Command {
  return new Command('doctor')
    .description('tells what this machine has for glpose, and what to do about what is missing')
    .option('--json', 'print one JSON document')
    .addHelpText('after', '\nExample:\n  glpose doctor')
    .action(async (options: { json?: boolean }) => {
      const findings = [machine(), native(), cuda(), cudaProvider(), ...decoders(), await defaultModel()];
      if (options.json) terminal.out(`${JSON.stringify({ glpose: VERSION, findings }, null, 2)}\n`);
      else for (const finding of findings) terminal.out(line(finding));
      const decodes = findings.some(({ what, state }) => what.startsWith('video') && state === 'ok');
      const broken = findings.some(({ state }) => state === 'missing') || !decodes;
      terminal.exitCode = broken ? EXIT.someFailed : EXIT.done;
    });
}

function line({ what, state, found, remedy }: Finding): string {
  const mark = { ok: 'ok     ', missing: 'MISSING', optional: '–      ' }[state];
  return `${mark} ${what.padEnd(22)} ${found}${remedy && state !== 'ok' ? `\n${' '.repeat(31)}→ ${remedy}` : ''}\n`;
}

/** What failed; glpose's own errors say what to do about them. */
function missing(what: string, thrown: unknown, remedy: string): Finding {
  const told = thrown instanceof GlposeError && thrown.remedy !== '';
  return { what, state: 'missing', found: messageOf(thrown), remedy: told ? undefined : remedy };
}

function machine(): Finding {
  const memory = `${Math.round(os.totalmem() / 2 ** 30)} GiB`;
  const cpu = os.cpus()[0]?.model ?? 'unknown processor';
  const unsupported = unsupportedSystem();
  return {
    what: 'machine',
    state: unsupported ? 'missing' : 'ok',
    remedy: unsupported,
    found: `${os.platform()} ${os.arch()}, ${os.availableParallelism()} cores (${cpu.trim()}), ${memory}, Node ${process.version}`,
  };
}

function native(): Finding {
  try {
    return {
      what: 'native addon',
      state: 'ok',
      found: `loads (${addonOrigin()}); instruction set in use: ${addon().info().isa}`,
    };
  } catch (thrown) {
    return missing('native addon', thrown, 'Install glpose again.');
  }
}

function cuda(): Finding {
  try {
    const { compiled, devices, problem } = addon().info().cuda;
    const what = 'GPU';
    if (devices.length > 0) {
      const names = devices.map(
        (d) =>
          `cuda:${d.index} ${d.name} (compute capability ${d.computeCapability}, ${Math.round(d.memoryBytes / 2 ** 20)} MiB)`,
      );
      return { what, state: 'ok', found: names.join('; ') };
    }
    const remedy = compiled
      ? 'For an NVIDIA GPU install its driver; without one glpose runs on the CPU.'
      : 'For an NVIDIA GPU install the CUDA toolkit (nvcc), then: GLPOSE_CUDA=on npm run build:native ' +
        '(where glpose is a dependency: GLPOSE_BUILD=source GLPOSE_CUDA=on npm rebuild glpose)';
    return { what, state: 'optional', found: `none: ${problem}`, remedy };
  } catch {
    return { what: 'GPU', state: 'optional', found: 'unknown: the native addon does not load' };
  }
}

function cudaProvider(): Finding {
  const what = 'GPU for other networks';
  const { version, installed, remedy } = findCudaProvider();
  if (installed) return { what, state: 'ok', found: `ONNX Runtime ${version} with its CUDA provider` };
  return { what, state: 'optional', found: `ONNX Runtime ${version} without its CUDA provider`, remedy };
}

function decoders(): Finding[] {
  const require = createRequire(import.meta.url);
  let av: Finding;
  try {
    const manifest = path.join(path.dirname(require.resolve('node-av')), '..', 'package.json');
    const { version } = JSON.parse(readFileSync(manifest, 'utf8')) as { version: string };
    av = { what: 'video: node-av', state: 'ok', found: version };
  } catch {
    const remedy = 'npm install node-av, or install ffmpeg; frame folders work without either.';
    av = { what: 'video: node-av', state: 'optional', found: 'not installed', remedy };
  }
  const ffmpeg = spawnSync('ffmpeg', ['-version'], { encoding: 'utf8' });
  const found = ffmpeg.status === 0 ? ffmpeg.stdout.split('\n')[0].replace(/ Copyright.*/, '') : 'not on the PATH';
  const remedy = 'Needed only where node-av is not installed: install ffmpeg from your system’s packages.';
  return [av, { what: 'video: ffmpeg', state: ffmpeg.status === 0 ? 'ok' : 'optional', found, remedy }];
}

async function defaultModel(): Promise<Finding> {
  const what = `model ${DEFAULT_BUNDLE}`;
  try {
    const model = await Model.load(DEFAULT_BUNDLE, { device: 'cpu', method: 'single-frame' });
    const sha256 = await model.bundle.sha256();
    await model.dispose();
    const { extractorFile, config } = model.bundle;
    const own = await readNetwork(extractorFile, config.extractor.input, [config.extractor.features.output]);
    const found = `loads; sha256 ${sha256.slice(0, 12)}…; its extractor runs in ${describeRuntime(addon(), own)}`;
    return { what, state: 'ok', found };
  } catch (thrown) {
    return missing(what, thrown, 'Install glpose again: a file of the bundle is missing or damaged.');
  }
}
