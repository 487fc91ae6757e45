#!/usr/bin/env node
import { setFlagsFromString } from 'node:v8';
import { main } from '../dist/src/cli/main.js';

// Memory that is lent to ONNX Runtime's threads looks given up to V8, and new when it comes back: within its usual limits, V8 would look for
// garbage several times a second where there is none. Four times what is in use is the most that V8 takes by itself, too.
setFlagsFromString('--heap-growing-percent=300');

process.exitCode = await main(process.argv.slice(2));
