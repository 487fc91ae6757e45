/*
 * The rest of native/test: large maps, other schedules of CUDA's threads, sanitizers; and the same program with faults put into the
 * kernels: a test that cannot fail proves nothing.
 */
import {
  BUILD,
  buildKernelTests,
  expectPasses,
  hasNvcc,
  mutate,
  noSanitizers,
  removeMutant,
  runKernelTests,
  type Form,
  type Replacement,
} from './native-tests.js';

/** Every fault and every schedule in every build takes many minutes: GLPOSE_NATIVE_TESTS=full. */
const FULL = process.env.GLPOSE_NATIVE_TESTS === 'full';
const ORDERS = FULL ? ['forward', 'reverse', '1'] : ['forward'];
const CUDA = ['backend=cuda', 'kernel=ingest,warp,conditions,conv,conv2d,layers,locate,decode,peaks,pose,crop'];

interface Fault {
  name: string;
  fault: () => Replacement;
  /** The builds that must notice, in any schedule. */
  forms: Form[];
  /** Where it is looked for; default: the CUDA kernels. */
  backend?: 'cpu';
  /** What they say. */
  says: RegExp;
}

const BARRIER = '__syncthreads();  // this chunk is there, and the last one has been used';
const STEP_BARRIER = '__syncthreads();  // this step is there, and the last one has been used';
const RACE = /data race/;
const OUT_OF_BOUNDS = /heap-buffer-overflow|use-after-poison|out of bounds|SEGV/;

const FAULTS: Fault[] = [
  {
    name: 'conv: no barrier between copying and multiplying',
    fault: () => mutate('kernels/conv/conv.cu', BARRIER, ''),
    forms: ['tsan'],
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
    forms: ['tsan'],
    says: RACE,
  },
  {
    name: 'conv: a copy that nobody waits for',
    fault: () => mutate('kernels/conv/conv.cu', 'copies_wait<kStages - 2>();', ''),
    forms: ['plain'],
    says: /FAIL cuda conv/,
  },
  {
    name: 'conv: one group of copies too many is left on its way',
    fault: () => mutate('kernels/conv/conv.cu', 'copies_wait<kStages - 2>();', 'copies_wait<kStages - 1>();'),
    forms: ['plain'],
    says: /FAIL cuda conv/,
  },
  {
    name: 'conv: a chunk is copied over the one in use',
    fault: () => mutate('kernels/conv/conv.cu', 'stages[ahead % kStages]', 'stages[chunk % kStages]'),
    forms: ['plain'],
    says: /FAIL cuda conv|SIMT ERROR/,
  },
  {
    name: 'conv: a barrier that half the block reaches',
    fault: () => mutate('kernels/conv/conv.cu', BARRIER, `if (threadIdx.x < 64) ${BARRIER}`),
    forms: ['plain'],
    says: /SIMT ERROR: (__syncthreads|deadlock|threads of one block wait)/,
  },
  {
    name: 'conv: a store one column too far',
    fault: () =>
      mutate('kernels/conv/conv.cu', 'if (y < a.height && x < a.width)', 'if (y < a.height && x <= a.width)'),
    forms: ['asan', 'tsan'],
    says: /heap-buffer-overflow|heap-use-after-free|data race/,
  },
  {
    name: 'conv: a read one row below the map',
    fault: () => mutate('kernels/conv/conv.cu', 'y < a.height && x >= 0', 'y <= a.height && x >= 0'),
    forms: ['asan'],
    says: OUT_OF_BOUNDS,
  },
  {
    name: 'conv: lanes read the weights of another pair of tiles',
    fault: () => mutate('kernels/conv/conv.cu', '(n / 2 * S::kTaps + row', '(row'),
    forms: ['plain'],
    says: /FAIL cuda conv/,
  },
  {
    name: 'conv2d: no barrier between copying and multiplying',
    fault: () => mutate('kernels/conv2d/conv2d.cu', STEP_BARRIER, ''),
    forms: ['tsan'],
    says: RACE,
  },
  {
    name: 'conv2d: a step that nobody waits for',
    fault: () => mutate('kernels/conv2d/conv2d.cu', 'copies_wait<kStages - 2>();', 'copies_wait<kStages - 1>();'),
    forms: ['plain'],
    says: /FAIL cuda conv2d/,
  },
  {
    name: 'conv2d: odd columns are taken for even ones',
    fault: () => mutate('kernels/conv2d/conv2d.cu', 'column % S::kStride * S::kPhaseWidth + ', ''),
    forms: ['plain'],
    says: /FAIL cuda conv2d, 3x3, stride 2/,
  },
  {
    name: 'conv2d: a read one row below the map',
    fault: () => mutate('kernels/conv2d/conv2d.cu', 'y < a.in_height && x >= 0', 'y <= a.in_height && x >= 0'),
    forms: ['asan'],
    says: /heap-buffer-overflow|FAIL cuda conv2d/,
  },
  {
    name: 'conv2d: a store one row too far',
    fault: () =>
      mutate('kernels/conv2d/conv2d.cu', 'if (y < a.height && x < a.width)', 'if (y <= a.height && x < a.width)'),
    forms: ['asan', 'tsan'],
    says: /heap-buffer-overflow|heap-use-after-free|data race/,
  },
  {
    name: 'layers: a term of a sum is repeated, not enlarged',
    fault: () => mutate('kernels/layers/layers.cu', 'p.x / factor;', 'p.x % (a.size.width / factor);'),
    forms: ['plain'],
    says: /FAIL cuda layers, sum/,
  },
  {
    name: 'layers: a vector too many of a map',
    fault: () =>
      mutate(
        'kernels/layers/layers.cu',
        'if (element >= height * width * vectors)',
        'if (element > height * width * vectors)',
      ),
    forms: ['asan'],
    says: OUT_OF_BOUNDS,
  },
  {
    name: 'locate: the person is looked for at the left border',
    fault: () => mutate('kernels/locate/locate.cu', '0.5f * float(a.size.width)', '0.f'),
    forms: ['plain'],
    says: /FAIL cuda locate/,
  },
  {
    name: 'locate: no barrier between two halvings',
    fault: () =>
      mutate('kernels/locate/locate.cu', '    __syncthreads();\n    if (thread >= half)', '    if (thread >= half)'),
    forms: ['tsan'],
    says: RACE,
  },
  {
    name: "a warp's best: half a warp shuffles",
    fault: () =>
      mutate('kernels/argmax.cuh', '__shfl_xor_sync(kWholeWarp, best.cell', '__shfl_xor_sync(0x0000ffffu, best.cell'),
    forms: ['plain'],
    says: /SIMT ERROR: (a lane called a warp operation with the mask|a shuffle reads lane)/,
  },
  {
    name: 'decode: lanes without pixels leave before the shuffle',
    fault: () =>
      mutate(
        'kernels/decode/decode.cu',
        'const auto [score, best]',
        'if (lane >= pixels) return;\n  const auto [score, best]',
      ),
    forms: ['plain'],
    says: /SIMT ERROR: (deadlock|.*returned)/,
  },
  {
    name: "a warp's best: the last of equals",
    fault: () => mutate('kernels/argmax.cuh', 'cell < best.cell', 'cell > best.cell'),
    forms: ['plain'],
    says: /FAIL cuda decode/,
  },
  {
    name: 'peaks: of equals the later one comes first',
    fault: () => mutate('kernels/peaks/peaks.cu', 'if (score >= added) continue;', 'if (score > added) continue;'),
    forms: ['plain'],
    says: /FAIL cuda peaks/,
  },
  {
    name: 'peaks: cells beyond the last one are looked at',
    fault: () => mutate('kernels/peaks/peaks.cu', 'cell < cells ? at(x, y) : 0.f', 'at(x, y)'),
    forms: ['asan'],
    says: OUT_OF_BOUNDS,
  },
  {
    name: 'peaks: a plateau has a peak for every cell',
    fault: () => mutate('kernels/peaks/peaks.h', '(earlier && other == value)', 'false'),
    forms: ['plain'],
    says: /FAIL cuda peaks/,
  },
  {
    name: 'peaks on the CPU: the lowest of those kept is not replaced',
    fault: () => mutate('kernels/peaks/peaks.cpp', 'if (place == kMostPeaks)', 'if (count == kMostPeaks)'),
    forms: ['plain'],
    backend: 'cpu',
    says: /FAIL baseline peaks, more peaks(.|\n)*FAIL avx2 peaks/,
  },
  {
    name: 'pose: x and y of offsets are exchanged',
    fault: () => mutate('kernels/pose/pose.cu', '+ to_float(offset[1])', '+ to_float(offset[0])'),
    forms: ['plain'],
    says: /FAIL cuda pose/,
  },
  {
    name: 'pose: what the caller knows is not asked for',
    fault: () => mutate('kernels/pose/pose.cu', 'if (!known) {', 'if (true) {'),
    forms: ['plain'],
    says: /FAIL cuda pose/,
  },
  {
    name: 'backend: graphs of a head and a network are taken for one another',
    fault: () => mutate('backend/cuda.cu', 'graphs_.try_emplace({owner, key}', 'graphs_.try_emplace({nullptr, key}'),
    forms: ['plain'],
    says: /FAIL (network|.*shares its backend)/,
  },
  {
    name: 'network: an image gives up its bytes before they have gone up',
    fault: () =>
      mutate(
        'network/image.h',
        'backend_->upload_from(buffer.data(), host_);',
        'backend_->upload_from(buffer.data(), host_);\n      std::memset(host_.data(), 0, size());',
      ),
    forms: ['plain'],
    says: /FAIL /,
  },
  {
    name: 'network: numbers of the image before',
    fault: () =>
      mutate(
        'kernels/pose/pose.cu',
        'size_t(image) * joints + joint',
        'size_t(image ? image - 1 : 0) * joints + joint',
      ),
    forms: ['plain'],
    says: /FAIL cuda pose/,
  },
  {
    name: 'backend: staging memory is used again before it was copied',
    fault: () => mutate('backend/cuda.cu', 'staged_ += (bytes + 63) / 64 * 64;', ''),
    forms: ['asan'],
    says: /FAIL (cuda|network)|AddressSanitizer|runtime error/,
  },
  {
    name: 'backend: a download that does not wait',
    fault: () =>
      mutate(
        'backend/cuda.cu',
        'cudaMemcpyDeviceToHost, stream), "a download");\n    synchronize();',
        'cudaMemcpyDeviceToHost, stream), "a download");',
      ),
    forms: ['plain'],
    says: /FAIL (cuda|network)|killed by/,
  },
  {
    name: 'ingest: no barrier before the tile is filled again',
    fault: () => mutate('kernels/ingest/ingest.cu', '    __syncthreads();\n  }\n', '  }\n'),
    forms: ['tsan'],
    says: RACE,
  },
  {
    name: 'ingest: the tile is written one pixel too far',
    fault: () => mutate('kernels/ingest/ingest.cu', 'tile[p][channel] = v;', 'tile[p + 1][channel] = v;'),
    forms: ['asan'],
    says: OUT_OF_BOUNDS,
  },
  {
    name: 'ingest: every lane stores the mean',
    fault: () => mutate('kernels/ingest/ingest.cu', 'lane == 0 && c < a.channels', 'c < a.channels'),
    forms: ['tsan'],
    says: RACE,
  },
  {
    name: 'conditions: threads beyond the last cell store, too',
    fault: () => mutate('kernels/conditions/conditions.cu', 'if (cell >= a.height * a.width) return;', ''),
    forms: ['asan'],
    says: OUT_OF_BOUNDS,
  },
  {
    name: 'conditions: the last place counts, not the nearest',
    fault: () =>
      mutate(
        'kernels/conditions/conditions.cu',
        'fminf(nearest, across * across + down * down)',
        'across * across + down * down',
      ),
    forms: ['plain'],
    says: /FAIL cuda conditions/,
  },
  {
    name: 'conditions on the CPU: the next row',
    fault: () => mutate('kernels/conditions/conditions.cpp', 'float(y)', 'float(y + 1)'),
    forms: ['plain'],
    backend: 'cpu',
    says: /FAIL baseline conditions(.|\n)*FAIL avx2 conditions/,
  },
  {
    name: 'decode on the CPU: the last of equal maxima',
    fault: () => mutate('kernels/decode/decode.cpp', 'map[p * step] > map', 'map[p * step] >= map'),
    forms: ['plain'],
    backend: 'cpu',
    says: /FAIL baseline decode(.|\n)*FAIL avx2 decode/,
  },
  {
    name: 'crop: a sample on the left border is outside',
    fault: () => mutate('kernels/crop/crop.h', 'position > -1', 'position > 0'),
    forms: ['plain'],
    backend: 'cpu',
    says: /FAIL baseline crop/,
  },
  {
    name: 'crop: in the mirror everything lies a column too far',
    fault: () => mutate('kernels/crop/crop.cu', 'a.width - 1 - x', 'a.width - x'),
    forms: ['plain'],
    says: /FAIL cuda crop, every other one mirrored/,
  },
  {
    name: 'crop: threads beyond the last pixel store, too',
    fault: () => mutate('kernels/crop/crop.cu', 'if (pixel >= a.height * a.width) return;', ''),
    forms: ['asan'],
    says: OUT_OF_BOUNDS,
  },
  {
    name: 'crop: the row below the last one of the image',
    fault: () => mutate('kernels/crop/crop.cu', 'size_t(down.at1)', 'size_t(down.at0 + 1)'),
    forms: ['asan'],
    says: OUT_OF_BOUNDS,
  },
  {
    name: 'network: what stays on the device is handed on before it is there',
    fault: () => mutate('network/network.cpp', 'backend_->synchronize();  // what stays', '// what stays'),
    forms: ['plain'],
    says: /FAIL .*what stays on cuda:0/,
  },
  {
    name: "a tile's header: two sums of a row in one place",
    fault: () => mutate('kernels/conv/tile.cuh', '2 * t + i % 2]', '2 * t]'),
    forms: ['plain'],
    says: /FAIL cuda conv,(.|\n)*FAIL cuda conv2d,/,
  },
];

const faultsOf = (form: Form): Fault[] => FAULTS.filter(({ forms }) => forms.includes(form));

/** Builds the program with the fault in it, and expects it to be noticed. */
async function expectNoticed(form: Form, { fault, backend, says }: Fault): Promise<void> {
  const mutant = await buildKernelTests(form, fault());
  try {
    for (const order of ORDERS) {
      const { status, output } = runKernelTests(mutant, [`backend=${backend ?? 'cuda'}`, 'small'], order);
      expect(output).toMatch(says);
      expect(status).not.toBe(0);
    }
  } finally {
    removeMutant(mutant);
  }
}

describe('plain build', () => {
  let program: string;
  beforeAll(async () => {
    program = await buildKernelTests('plain');
  }, BUILD);

  test('CUDA kernels over the table', () => expectPasses(program, CUDA), BUILD);
  test.each(['reverse', '1'])(
    'CUDA kernels, schedule %s',
    (order) => expectPasses(program, [...CUDA, 'small'], order),
    BUILD,
  );
  test.each(faultsOf('plain'))('notices the fault $name', (fault) => expectNoticed('plain', fault), BUILD);
});

test(
  'a fault that would not be built in is refused',
  async () => {
    const nobody = { file: 'kernels/conv/tile.h', text: '' };
    await expect(buildKernelTests('plain', nobody)).rejects.toThrow('no file of the program reads kernels/conv/tile.h');
  },
  BUILD,
);

const sanitized = noSanitizers ? describe.skip : describe;
sanitized.each<Form>(['asan', 'tsan'])('%s build', (form) => {
  let program: string;
  beforeAll(async () => {
    program = await buildKernelTests(form);
  }, BUILD);

  // The kernels see small maps only: their loops do not change with the size.
  test(
    'half-precision numbers, the thread pool, plans of memory',
    () => expectPasses(program, ['kernel=half,threads,plan']),
    BUILD,
  );
  test('CPU kernels, every instruction set', () => {
    expectPasses(program, [
      'backend=cpu',
      'kernel=ingest,warp,conditions,conv,conv2d,layers,locate,decode,peaks,pose,crop',
      'small',
    ]);
  });
  test('the head on the CPU, from several threads at once', () => expectPasses(program, ['kernel=head']), BUILD);
  test('CUDA kernels over the table', () => expectPasses(program, [...CUDA, ...(FULL ? [] : ['small'])]), BUILD);
  if (form === 'asan' || FULL) {
    test(
      'the CUDA backend: network, batches, graphs, failing devices',
      () => expectPasses(program, ['backend=cuda', 'kernel=network,layered,device']),
      BUILD,
    );
  }
  if (FULL) {
    test.each(['reverse', '1'])(
      'CUDA kernels, schedule %s',
      (order) => expectPasses(program, [...CUDA, 'small'], order),
      BUILD,
    );
  }
  test.each(faultsOf(form))('notices the fault $name', (fault) => expectNoticed(form, fault), BUILD);
});

(hasNvcc() ? test : test.skip)(
  'compiled by nvcc, the same program runs on a GPU, or says that there is none',
  async () => {
    const program = await buildKernelTests('gpu');
    const { status, output } = runKernelTests(program, ['backend=cuda', 'small']);
    if (status === 3) expect(output).toMatch(/^DEVICE: no device cuda:0: /m);
    else expect(output).toMatch(/^0 failures$/m);
  },
  BUILD,
);
