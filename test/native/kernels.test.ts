/*
 * The C++ tests of native/test in their plain form: every kernel of every backend over one table of cases
 * (native/test/cases.h), CUDA's, on small maps, under the SIMT executor. kernels.all.test.ts has the rest.
 */
import { BUILD, buildKernelTests, expectPasses } from './native-tests.js';

let program: string;
beforeAll(async () => {
  program = await buildKernelTests('plain');
}, BUILD);

test(
  'half-precision numbers, the thread pool, plans of memory',
  () => expectPasses(program, ['kernel=half,threads,plan']),
  BUILD,
);
test(
  'CPU kernels, every instruction set',
  () =>
    expectPasses(program, [
      'backend=cpu',
      'kernel=ingest,warp,conditions,conv,conv2d,layers,locate,decode,peaks,pose,crop',
    ]),
  BUILD,
);
test('the head on the CPU, from several threads at once', () => expectPasses(program, ['kernel=head']), BUILD);
test('CUDA kernels, small maps', () => {
  expectPasses(program, [
    'backend=cuda',
    'kernel=ingest,warp,conditions,conv,conv2d,layers,locate,decode,peaks,pose,crop',
    'small',
  ]);
});
test(
  'the CUDA backend: network, batches, graphs, failing devices',
  () => expectPasses(program, ['backend=cuda', 'kernel=network,layered,device']),
  BUILD,
);
