#!/usr/bin/env node
import { setFlagsFromString } from 'node:v8';
import { main } from '../dist/src/cli/main.js';

// Memory that is lent to ONNX Runtime's threads looks given up to V8, and new when it comes back: within its usual limits, V8 would look for
// garbage several times a second where there is none. Four times what is in use is the most that V8 takes by itself, too.
setFlagsFromString('--heap-growing-percent=300');
// What takes long here is native code. V8's compiler took a fourteenth of a short run, and what it had compiled saved less: it begins later.
setFlagsFromString('--interrupt-budget=300000');

process.exitCode = await main(process.argv.slice(2));
