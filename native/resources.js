/*
 * What the CUDA compiler says about every kernel: registers, shared memory, spills; and what follows from it, the warps that
 * fit on a multiprocessor. Prints a Markdown table. Exit status 1 where a kernel spills or keeps an array
 * in local memory that should be in registers, 2 where there is no nvcc.
 * Usage: node native/resources.js [sm_75 sm_80 sm_90 …]
 */
import { execFile, spawnSync } from 'node:child_process';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { filesBelow } from './sources.cjs';

const native = path.dirname(fileURLToPath(import.meta.url));
const NVCC = process.env.CUDACXX ?? 'nvcc';
const REGISTERS = 65536; // of a multiprocessor, every architecture here
const REGISTER_STEP = 256; // registers are given to a warp in pieces of this
/** Threads and shared memory of a multiprocessor, by architecture (CUDA programming guide, compute capabilities). */
const MULTIPROCESSOR = {
  sm_75: { threads: 1024, shared: 64 * 1024, blocks: 16 },
  sm_80: { threads: 2048, shared: 164 * 1024, blocks: 32 },
  sm_86: { threads: 1536, shared: 100 * 1024, blocks: 16 },
  sm_89: { threads: 1536, shared: 100 * 1024, blocks: 24 },
  sm_90: { threads: 2048, shared: 228 * 1024, blocks: 32 },
  sm_100: { threads: 2048, shared: 228 * 1024, blocks: 32 },
  sm_120: { threads: 1536, shared: 100 * 1024, blocks: 24 },
};
/** Threads of each kernel's block, as launched. */
const BLOCK = {
  conditions_kernel: 128,
  conv2d_kernel: 128,
  conv_kernel: 128,
  crop_kernel: 256,
  decode_kernel: 128,
  depthwise_kernel: 256,
  ingest_kernel: 256,
  locate_kernel: 256,
  multiply_kernel: 256,
  peaks_kernel: 128,
  pose_kernel: 128,
  warp_kernel: 256,
  ...Object.fromEntries(
    ['load', 'unload', 'sum', 'product', 'concat', 'resize', 'pool'].map((layer) => [`${layer}_kernel`, 256]),
  ),
};
/** Kernels that may keep arrays in local memory: DARK's tables are indexed by numbers known at run time, by one lane a joint. */
const LOCAL_MEMORY_ALLOWED = new Set(['decode_kernel']);

process.exitCode = await main(process.argv.slice(2));

async function main(wanted) {
  if (spawnSync(NVCC, ['--version']).error) {
    console.error(`no CUDA compiler: ${NVCC} does not start`);
    return 2;
  }
  const architectures = wanted.length > 0 ? wanted : Object.keys(MULTIPROCESSOR);
  console.log('| kernel | architecture | registers | shared memory, bytes | spilled, bytes | warps a multiprocessor |');
  console.log('| --- | --- | --- | --- | --- | --- |');
  const faults = [];
  const files = filesBelow('kernels').filter((name) => name.endsWith('.cu'));
  const jobs = files.flatMap((file) => architectures.map((architecture) => ({ file, architecture })));
  const next = jobs.values();
  const worker = async () => {
    for (const job of next) job.kernels = await compile(job.file, job.architecture);
  };
  await Promise.all(Array.from({ length: os.availableParallelism() }, worker));
  for (const { architecture, kernels } of jobs)
    for (const kernel of kernels) {
      const { name, registers, shared, spilled, stack } = kernel;
      const { warps, most } = occupancy(kernel, architecture);
      const share = `${warps} of ${most}`;
      console.log(`| ${name} | ${architecture} | ${registers} | ${shared} | ${spilled} | ${share} |`);
      const base = name.split('<')[0];
      if (spilled > 0) faults.push(`${name} spills ${spilled} bytes on ${architecture}`);
      if (stack > 0 && !LOCAL_MEMORY_ALLOWED.has(base))
        faults.push(`${name} keeps ${stack} bytes in local memory on ${architecture}`);
    }
  for (const fault of faults) console.error(fault);
  return faults.length > 0 ? 1 : 0;
}

/**
 * Bytes of shared memory that a kernel's launch asks for, of which the compiler knows nothing: those of conv.cu's and conv2d.cu's
 * stages. Template arguments: side, rows of a warp, tiles; side, stride, tiles.
 */
function launchedShared(name) {
  const [base, side, second, tiles] = (name.match(/(conv\w*)_kernel<(\d+), (\d+), (\d+)>/) ?? [])
    .slice(1)
    .map((text, i) => (i === 0 ? text : Number(text)));
  if (base === undefined) return 0;
  if (base === 'conv2d') {
    const phases = Math.min(side, second);
    return 3 * (8 * phases * (16 + Math.floor((side - 1) / second)) * 32 + (side * tiles * 512) / 2);
  }
  const rows = second;
  const patch = (4 * rows + side - 1) * (16 + side - 1) * 32;
  const weights = side * side * tiles * 256;
  const stages = side === 1 || (side === 3 && rows * tiles <= 4) ? 4 : 2;
  return stages * (patch + weights + 64);
}

/** The kernels of a file with what ptxas reports for them. */
async function compile(file, architecture) {
  const flags = ['-std=c++17', '-O3', `-arch=${architecture}`, '-Xptxas', '-v', '-I.', '-cubin', '-o', '/dev/null'];
  let report;
  try {
    report = (await promisify(execFile)(NVCC, [...flags, file], { cwd: native })).stderr;
  } catch (thrown) {
    throw new Error(`${file} does not compile for ${architecture}:\n${thrown.stderr ?? thrown}`);
  }
  const kernels = [];
  for (const part of report.split('Compiling entry function').slice(1)) {
    const number = (pattern) => Number(part.match(pattern)?.[1] ?? 0);
    const name = readable(part.match(/'(\S+)'/)[1]);
    kernels.push({
      name,
      registers: number(/Used (\d+) registers/),
      shared: number(/(\d+) bytes smem/) + launchedShared(name),
      spilled: number(/(\d+) bytes spill stores/) + number(/(\d+) bytes spill loads/),
      stack: number(/(\d+) bytes stack frame/),
    });
  }
  return kernels;
}

/** conv_kernel<3, 6> out of a mangled name. */
function readable(mangled) {
  const name = Object.keys(BLOCK).find((kernel) => mangled.includes(kernel)) ?? mangled;
  const numbers = [...mangled.matchAll(/Li(\d+)E/g)].map((match) => match[1]);
  return numbers.length > 0 ? `${name}<${numbers.join(', ')}>` : name;
}

/** Warps of a kernel that are at home on a multiprocessor at once. */
function occupancy({ name, registers, shared }, architecture) {
  const { threads, shared: sharedMemory, blocks } = MULTIPROCESSOR[architecture];
  const warps = BLOCK[name.split('<')[0]] / 32;
  const ofWarp = Math.ceil((registers * 32) / REGISTER_STEP) * REGISTER_STEP;
  const fitting = Math.min(
    blocks,
    Math.floor(threads / (warps * 32)),
    Math.floor(REGISTERS / (ofWarp * warps)),
    shared > 0 ? Math.floor(sharedMemory / (shared + 1024)) : Infinity, // 1 KiB of each block's is the system's
  );
  return { warps: fitting * warps, most: threads / 32 };
}
