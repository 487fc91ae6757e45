/*
 * The addon without memory: every allocation that it makes of its own fails once, the first, the second, …, in a process
 * whose allocators a preloaded library replaces. Each failure is an error of the call; what comes after is as ever.
 */
import { execFile, execFileSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { ROOT } from '../shared-data.js';

/**
 * The n-th allocation asked for by glpose.node fails, n being the variable FAIL_AT, which the process itself changes. FAILED
 * then says so.
 */
const ALLOCATORS = String.raw`
  #include <link.h>
  #include <atomic>
  #include <cstdlib>
  #include <cstring>
  #include <new>
  namespace {
  std::atomic<int> asked{0}, wanted{0};
  std::atomic<const char*> low{nullptr}, high{nullptr};  // where glpose.node lies
  int find(dl_phdr_info* info, size_t, void*) {
    if (!std::strstr(info->dlpi_name, "glpose.node")) return 0;
    for (int i = 0; i < info->dlpi_phnum; ++i) {
      const auto& part = info->dlpi_phdr[i];
      const char* from = reinterpret_cast<const char*>(info->dlpi_addr + part.p_vaddr);
      if (part.p_type == PT_LOAD && (part.p_flags & PF_X)) low = from, high = from + part.p_memsz;
    }
    return 1;
  }
  bool fails(const void* caller) {
    const char* text = std::getenv("FAIL_AT");
    const int n = text ? std::atoi(text) : 0;
    if (wanted.exchange(n) != n) {
      asked = 0;
      dl_iterate_phdr(find, nullptr);
    }
    if (n == 0 || caller < low || caller >= high || ++asked != n) return false;
    setenv("FAILED", "1", 1);
    return true;
  }
  }
  void* operator new(size_t bytes) {
    void* data = fails(__builtin_return_address(0)) ? nullptr : std::malloc(bytes ? bytes : 1);
    if (!data) throw std::bad_alloc();
    return data;
  }
  void* operator new[](size_t bytes) {
    void* data = fails(__builtin_return_address(0)) ? nullptr : std::malloc(bytes ? bytes : 1);
    if (!data) throw std::bad_alloc();
    return data;
  }
  void operator delete(void* data) noexcept { std::free(data); }
  void operator delete[](void* data) noexcept { std::free(data); }
  void operator delete(void* data, size_t) noexcept { std::free(data); }
  void operator delete[](void* data, size_t) noexcept { std::free(data); }
  void* operator new(size_t bytes, std::align_val_t alignment, const std::nothrow_t&) noexcept {
    void* data = nullptr;
    if (fails(__builtin_return_address(0)) || posix_memalign(&data, size_t(alignment), bytes)) return nullptr;
    return data;
  }
  void operator delete(void* data, std::align_val_t) noexcept { std::free(data); }
`;

const load = (file: string): string => `await import(${JSON.stringify(path.join(ROOT, 'dist', file))})`;

const PROGRAM = `
  import assert from 'node:assert/strict';
  const { addon } = ${load('src/native/binding.js')};
  const { randomHead } = ${load('src/models/random-head.js')};
  const native = addon();
  native.setThreads(2);
  const [channels, height, width, k, n] = [5, 9, 11, 1, 2];
  const floats = (count) => Float32Array.from({ length: count }, (_, i) => Math.sin(i));
  const shape = {
    channels, height, width, blockWidth: 6, joints: 3, k, n, enhancement: true, enhancementBlocks: 1, kernel: 3,
    featureMean: new Float32Array(channels), featureStd: new Float32Array(channels).fill(1),
  };
  const tensors = Object.fromEntries(randomHead(shape, 1));
  const createHead = () => native.createHead(shape, tensors, 'cpu');

  /** What every call gives, of a new head unless one is given. */
  async function everything(head = createHead(), disposes = true) {
    const { handles, embeddings } = await head.ingest(floats(3 * channels * height * width));
    try {
      const references = 2 * k + n;
      const { joints, heatmaps, masks } = await head.estimate({
        keys: handles.subarray(0, 2),
        references: Int32Array.from({ length: 2 * references }, (_, i) => handles[i % 3]),
        weights: floats(2 * references),
        transforms: Float32Array.from({ length: 6 * references }, (_, i) => [1.1, 0.5, -0.25][i % 3]),
        decode: 'dark',
        maps: true,
      });
      const image = Uint8Array.from({ length: 8 * 6 * 3 }, (_, i) => i);
      const crop = await native.crop({
        image, imageWidth: 8, imageHeight: 6, windows: Float64Array.of(4, 3, 6, 4), width: 12, height: 8,
        mean: new Float32Array(3), std: new Float32Array(3).fill(1),
      });
      return [embeddings, joints, heatmaps, masks, crop].map((array) => [...array]);
    } finally {
      head.release(handles);
      if (disposes) head.dispose();
    }
  }

  const wanted = await everything();
  const kept = createHead(); // goes through all failures
  const errors = [];
  const withKept = () => everything(kept, false);
  for (const [name, body] of [['a head of its own', () => everything()], ['a head that lives on', withKept]]) {
    for (let at = 1; ; at++) {
      process.env.FAILED = '';
      process.env.FAIL_AT = String(at);
      let error = null;
      const got = await body().catch((thrown) => { error = thrown; });
      process.env.FAIL_AT = '0';
      const failed = process.env.FAILED === '1';
      if (error) {
        assert(failed, name + ' failed without a reason: ' + error.stack);
        assert.equal(error.code, 'MEMORY', error.stack);
        assert.match(error.message, /out of memory/);
        errors.push(at);
      } else assert.deepEqual(got, wanted, name + ', allocation ' + at);
      if (body === withKept) assert.deepEqual(await body(), wanted, 'after allocation ' + at + ' failed once');
      if (!failed) break;
    }
  }
  console.log(JSON.stringify({ errors: errors.length }));
`;

const linux = process.platform === 'linux' ? test : test.skip;

linux(
  'every allocation that fails is an error of its call, and of no other',
  async () => {
    const dir = await mkdtemp(path.join(os.tmpdir(), 'glpose-allocation-'));
    try {
      await writeFile(path.join(dir, 'allocators.cpp'), ALLOCATORS);
      await writeFile(path.join(dir, 'program.mjs'), PROGRAM);
      const library = path.join(dir, 'allocators.so');
      const compiler = process.env.CXX ?? 'c++';
      execFileSync(compiler, ['-O1', '-fPIC', '-shared', '-o', library, path.join(dir, 'allocators.cpp')]);
      const env = { ...process.env, LD_PRELOAD: library };
      const run = await promisify(execFile)(process.execPath, [path.join(dir, 'program.mjs')], { env });
      expect(run.stderr).toBe('');
      const { errors } = JSON.parse(run.stdout) as { errors: number };
      expect(errors).toBeGreaterThan(200); // tensors, packed weights, maps, scratch, tables, crops, tasks
    } finally {
      await rm(dir, { recursive: true });
    }
  },
  120_000,
);
