/*
 * Instructions a multiply-add in the innermost loops of the convolution, as a cross compiler makes them for arm64: with NEON's products
 * by lane, and without. Where only QEMU runs the code, this says more than a clock.
 *
 *   node native/arm64-loops.js        (Debian's crossbuild-essential-arm64)
 */
import { execFileSync } from 'node:child_process';
import path from 'node:path';

const NATIVE = import.meta.dirname;
/** Longer ones hold other loops. */
const LONGEST = 130;

for (const form of ['baseline', 'neon']) {
  const file = path.join(NATIVE, 'kernels', 'conv', `strip_${form}.cpp`);
  const flags = ['-std=gnu++17', '-O3', '-DGLPOSE_ARM64=1', `-I${NATIVE}`];
  const assembly = execFileSync('aarch64-linux-gnu-g++', [...flags, '-S', file, '-o', '-'], {
    encoding: 'utf8',
    maxBuffer: 1e8,
  });
  const { adds, instructions } = bestLoop(assembly.split('\n'));
  console.log(
    `${form}: ${instructions} instructions for ${adds} multiply-adds, ${(instructions / adds).toFixed(2)} each`,
  );
}

/** The loop with most vector multiply-adds, of a register each; of several, the shortest. */
function bestLoop(lines) {
  const labels = new Map(
    lines.flatMap((line, at) => (/^\.L\d+:/.test(line) ? [[line.slice(0, line.indexOf(':')), at]] : [])),
  );
  let best = { adds: 0, instructions: 0 };
  lines.forEach((line, end) => {
    const start = labels.get(/^\tc?b\S*\t(?:\w+, )?(\.L\d+)/.exec(line)?.[1]);
    if (start === undefined || start >= end || end - start > LONGEST) return;
    const body = lines.slice(start, end + 1).filter((text) => /^\t[a-z]/.test(text));
    const adds = body.filter((text) => /^\tfmla\t/.test(text)).length;
    const better = adds > best.adds || (adds === best.adds && body.length < best.instructions);
    // one that holds the stack's registers is no innermost loop
    if (better && !body.some((text) => text.includes('[sp'))) best = { adds, instructions: body.length };
  });
  return best;
}
