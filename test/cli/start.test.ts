import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { ROOT } from '../shared-data.js';

/** What of ONNX Runtime's package a process has loaded once it has loaded a module. */
function loadedWith(module: string): string {
  const url = pathToFileURL(path.join(ROOT, 'dist', 'src', module)).href;
  const program = `
    await import(${JSON.stringify(url)});
    const { default: Module } = await import('node:module');
    console.log(Object.keys(Module._cache).filter((file) => file.includes('onnxruntime')).join());`;
  return execFileSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8' }).trim();
}

// Where it has no build, `glpose doctor` must be there to say so; and it must not start before it is told not to report its use.
test.each(['cli/main.js', 'index.js'])('%s does not load ONNX Runtime', (module) => {
  expect(loadedWith(module)).toBe('');
});
