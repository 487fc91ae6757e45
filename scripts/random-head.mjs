// Writes an untrained head of the shape that a bundle's config.json asks for: node scripts/random-head.mjs <bundle folder> [seed]
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { checkConfig, headShape } from '../dist/src/bundle/bundle.js';
import { randomHead } from '../dist/src/models/random-head.js';
import { formatSafetensors } from '../dist/src/bundle/safetensors.js';

const [dir, seed = '1'] = process.argv.slice(2);
const file = path.join(dir, 'config.json');
const config = checkConfig(JSON.parse(await readFile(file, 'utf8')), file);
const tensors = randomHead(headShape(config), Number(seed));
await writeFile(path.join(dir, config.head.file), formatSafetensors(tensors, 'F16', { trained: 'false', seed }));
