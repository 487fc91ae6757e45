/*
 * The C++ tests of native/test: every kernel of every backend over one table of cases (native/test/cases.h), CUDA's under
 * the SIMT executor. Then the same program with faults put into the kernels: a test that cannot fail proves nothing.
 */
import {
  buildNativeTests,
  mutate,
  noSanitizers,
  removeMutant,
  runNativeTests,
  type Mode,
  type Replacement,
} from './native-tests.js';

const BUILD = 300_000; // ms; a cold build of one mode takes about 15 s on one core
const MODES: Mode[] = noSanitizers ? ['plain'] : ['plain', 'asan', 'tsan'];

/** Every fault and every schedule in every build takes minutes: GLPOSE_NATIVE_TESTS=full. */
const FULL = process.env.GLPOSE_NATIVE_TESTS === 'full';

interface Fault {
  name: string;
  /** Also in the short run. */
  short?: boolean;
  fault: () => Replacement;
  /** The builds that must notice, in any schedule. */
  modes: Mode[];
  /** What they say. */
  says: RegExp;
}

const BARRIER = '__syncthreads();  // this chunk is there, and the last one has been used';
const RACE = /data race/;
const OUT_OF_BOUNDS = /heap-buffer-overflow|use-after-poison|out of bounds|SEGV/;

const FAULTS: Fault[] = [
  {
    name: 'conv: no barrier between copying and multiplying',
    short: true,
    fault: () => mutate('kernels/conv/conv.cu', BARRIER, ''),
    modes: ['tsan'],
    says: RACE,
  },
  {
    name: 'conv: the barrier comes before the wait for the copies',
    fault: () =>
      mutate(
        'kernels/conv/conv.cu',
        'copies_wait<kStages - 2>();\n    __syncthreads();',
        '__syncthreads();\n    copies_wait<kStages - 2>();',
      ),
    modes: ['tsan'],
    says: RACE,
  },
  {
    name: 'conv: a copy that nobody waits for',
    short: true,
    fault: () => mutate('kernels/conv/conv.cu', 'copies_wait<kStages - 2>();', ''),
    modes: ['plain'],
    says: /FAIL cuda:0 conv/,
  },
  {
    name: 'conv: one group of copies too many is left on its way',
    fault: () => mutate('kernels/conv/conv.cu', 'copies_wait<kStages - 2>();', 'copies_wait<kStages - 1>();'),
    modes: ['plain'],
    says: /FAIL cuda:0 conv/,
  },
  {
    name: 'conv: a chunk is copied over the one in use',
    fault: () => mutate('kernels/conv/conv.cu', 'copy_chunk(chunk + kStages - 1);', 'copy_chunk(chunk + kStages);'),
    modes: ['plain'],
    says: /FAIL cuda:0 conv|SIMT ERROR/,
  },
  {
    name: 'conv: a barrier that half the block reaches',
    short: true,
    fault: () => mutate('kernels/conv/conv.cu', BARRIER, `if (threadIdx.x < 64) ${BARRIER}`),
    modes: ['plain'],
    says: /SIMT ERROR: (__syncthreads|deadlock|threads of one block wait)/,
  },
  {
    name: 'conv: a store one column too far',
    short: true,
    fault: () =>
      mutate('kernels/conv/conv.cu', 'if (y < a.height && x < a.width)', 'if (y < a.height && x <= a.width)'),
    modes: ['asan', 'tsan'],
    says: /heap-buffer-overflow|data race/,
  },
  {
    name: 'conv: a read one row below the map',
    fault: () => mutate('kernels/conv/conv.cu', 'y < a.height && x >= 0', 'y <= a.height && x >= 0'),
    modes: ['asan'],
    says: OUT_OF_BOUNDS,
  },
  {
    name: 'conv: lanes read the weights of another pair of tiles',
    fault: () => mutate('kernels/conv/conv.cu', '(n / 2 * kTaps + row', '(row'),
    modes: ['plain'],
    says: /FAIL cuda:0 conv/,
  },
  {
    name: 'decode: half a warp shuffles',
    short: true,
    fault: () =>
      mutate('kernels/decode/decode.cu', '__shfl_xor_sync(kWholeWarp, best', '__shfl_xor_sync(0x0000ffffu, best'),
    modes: ['plain'],
    says: /SIMT ERROR: (a lane called a warp operation with the mask|a shuffle reads lane)/,
  },
  {
    name: 'decode: lanes without pixels leave before the shuffle',
    fault: () =>
      mutate(
        'kernels/decode/decode.cu',
        'float score = -INFINITY;',
        'if (lane >= pixels) return;\n  float score = -INFINITY;',
      ),
    modes: ['plain'],
    says: /SIMT ERROR: (deadlock|.*returned)/,
  },
  {
    name: 'backend: staging memory is used again before it was copied',
    fault: () => mutate('backend/cuda.cu', 'staged_ += (bytes + 63) / 64 * 64;', ''),
    modes: ['asan'],
    says: /FAIL cuda:0|AddressSanitizer|runtime error/,
  },
  {
    name: 'backend: a download that does not wait',
    fault: () =>
      mutate(
        'backend/cuda.cu',
        'cudaMemcpyDeviceToHost, stream_), "a download");\n    synchronize();',
        'cudaMemcpyDeviceToHost, stream_), "a download");',
      ),
    modes: ['plain'],
    says: /FAIL cuda:0|killed by/,
  },
  {
    name: 'ingest: no barrier before the tile is filled again',
    fault: () => mutate('kernels/ingest/ingest.cu', '    __syncthreads();\n  }\n', '  }\n'),
    modes: ['tsan'],
    says: RACE,
  },
  {
    name: 'ingest: the tile is written one pixel too far',
    fault: () => mutate('kernels/ingest/ingest.cu', 'tile[p][channel] = v;', 'tile[p + 1][channel] = v;'),
    modes: ['asan'],
    says: OUT_OF_BOUNDS,
  },
  {
    name: 'ingest: every lane stores the mean',
    fault: () => mutate('kernels/ingest/ingest.cu', 'lane == 0 && c < a.channels', 'c < a.channels'),
    modes: ['tsan'],
    says: RACE,
  },
];

describe.each(MODES)('%s build', (mode) => {
  let program: string;
  beforeAll(async () => {
    program = await buildNativeTests(mode);
  }, BUILD);

  const passes = (parts: string[], order?: string): void => {
    const { status, output } = runNativeTests(program, parts, order);
    expect(output).toMatch(/^0 failures$/m);
    expect(status).toBe(0);
  };

  // Under the sanitizers the CPU's kernels see small maps only: their loops do not change with the size.
  const sanitized = mode !== 'plain';
  test('half-precision numbers, the thread pool, plans of memory', () => passes(['half', 'threads', 'plan']));
  test('CPU kernels, every instruction set', () => passes(['cpu', ...(sanitized ? ['small'] : [])]), BUILD);
  test('the head and crops on the CPU, from several threads at once', () => passes(['head']), BUILD);
  test('CUDA kernels over the table', () => passes(['cuda', ...(sanitized && !FULL ? ['small'] : [])]), BUILD);
  if (mode !== 'tsan' || FULL) {
    test('the CUDA backend: network, batches, graphs, failing devices', () => passes(['backend']), BUILD);
  }
  if (!sanitized || FULL) {
    test.each(['reverse', '1'])('CUDA kernels, schedule %s', (order) => passes(['cuda', 'small'], order), BUILD);
  }

  test.each(FAULTS.filter(({ modes, short }) => (FULL || short) && modes.includes(mode)))(
    'warnings the fault $name',
    async ({ fault, says }) => {
      const mutant = await buildNativeTests(mode, fault());
      try {
        for (const order of FULL ? ['forward', 'reverse', '1'] : ['forward']) {
          const { status, output } = runNativeTests(mutant, ['cuda', 'small'], order);
          expect(output).toMatch(says);
          expect(status).not.toBe(0);
        }
      } finally {
        removeMutant(mutant);
      }
    },
    BUILD,
  );
});

if (noSanitizers) test.skip(`sanitizer builds (skipped: ${noSanitizers})`, () => {});
