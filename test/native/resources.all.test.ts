/* What the CUDA compiler says about the kernels: none spills, none keeps in local memory what belongs in registers. */
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { ROOT } from '../shared-data.js';
import { BUILD, hasNvcc } from './native-tests.js';

(hasNvcc() ? test : test.skip).each(['sm_75', 'sm_80', 'sm_90'])(
  'kernels for %s',
  (architecture) => {
    const script = path.join(ROOT, 'native', 'resources.js');
    const { status, stdout, stderr } = spawnSync(process.execPath, [script, architecture], { encoding: 'utf8' });
    expect(stderr).toBe('');
    for (const kernel of ['conv_kernel<3, 4, 6>', 'ingest_kernel', 'warp_kernel', 'decode_kernel', 'multiply_kernel'])
      expect(stdout).toContain(`| ${kernel} | ${architecture} |`);
    expect(status).toBe(0);
  },
  BUILD,
);
