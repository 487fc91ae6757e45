/*
 * The SIMT executor's scheduler. A CUDA thread is a fiber with its own stack; a block's fibers run in turns
 * until each waits at a barrier, at a warp operation, or has returned.
 *
 * This file is compiled without ThreadSanitizer, whose business is the kernels alone; it tells the tool (SIMT_TSAN) about
 * fiber switches and about the only orderings that CUDA gives: barriers, and a launch after what the host did before.
 * Two sets of fibers take turns from block to block, so that neighbouring blocks are different threads to the tool.
 */
#include <sys/mman.h>

#include <cstdio>
#include <vector>

#include "kernels/half.h"
#include "context.h"
#include "simt.h"

#undef threadIdx
#undef blockIdx
#undef blockDim
#undef gridDim

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#define IF_ASAN(...) __VA_ARGS__
#else
#define IF_ASAN(...)
#endif
#ifdef SIMT_TSAN
extern "C" {
void* __tsan_get_current_fiber();
void* __tsan_create_fiber(unsigned flags);
void __tsan_switch_to_fiber(void* fiber, unsigned flags);
void __tsan_acquire(void* address);
void __tsan_release(void* address);
}
constexpr unsigned kNoSync = 1;  // a switch by itself orders nothing
#define IF_TSAN(...) __VA_ARGS__
#else
#define IF_TSAN(...)
#endif

namespace simt {
namespace {

constexpr unsigned kMaxThreads = 1024, kWarp = 32, kMaxShared = 16;
constexpr size_t kStack = 128 << 10, kArena = 64 << 10, kRedZone = 64, kMaxShown = 128;

enum class State : unsigned char { ready, at_barrier, at_warp, done };

struct Fiber {
  Context context;
  char* stack = nullptr;
  void* fake_stack = nullptr;  // AddressSanitizer's
  void* tsan = nullptr;
  State state;
  unsigned index;  // in the block
  unsigned parity;  // of the warp operation it took part in last
  CopyQueue copies;
};

/// A warp's rendezvous. Two buffers: one being read while the next is being filled.
struct Warp {
  unsigned arrived, mask, generation;
  unsigned char shown[2][kWarp][kMaxShown];
  char order[2];
};

struct SharedArray {
  const void* site;
  void* data;
};

Fiber fibers[2][kMaxThreads];
Warp warps[kMaxThreads / kWarp];
Fiber* block_fibers;
Fiber* current;
Context scheduler;
dim3 grid, block;
uint3 block_at;
unsigned threads, alive, waiting, barriers;
void* barrier_site;
char barrier_order[2];
const std::function<void()>* body;

char* arena;
size_t arena_used;
SharedArray shared_arrays[kMaxShared];
unsigned shared_count;

IF_ASAN(void* scheduler_fake_stack; const void* scheduler_stack; size_t scheduler_stack_size;)
IF_TSAN(void* scheduler_tsan; char launch_order, finish_order;)

[[noreturn]] void fail(const char* format, unsigned a = 0, unsigned b = 0) {
  std::fprintf(stderr, "SIMT ERROR: ");
  std::fprintf(stderr, format, a, b);
  const unsigned thread = current ? current->index : 0;
  std::fprintf(stderr, " (block %u,%u,%u thread %u)\n", block_at.x, block_at.y, block_at.z, thread);
  std::_Exit(86);
}

/// memcpy that no sanitizer intercepts: the executor's bookkeeping is not the program under test.
void copy(void* to, const void* from, size_t bytes) {
  auto* out = static_cast<volatile unsigned char*>(to);
  auto* in = static_cast<const volatile unsigned char*>(from);
  for (size_t i = 0; i < bytes; ++i) out[i] = in[i];
}

void resume(Fiber& fiber) {
  current = &fiber;
  IF_ASAN(__sanitizer_start_switch_fiber(&scheduler_fake_stack, fiber.stack, kStack);)
  IF_TSAN(__tsan_switch_to_fiber(fiber.tsan, kNoSync);)
  Context::change(scheduler, fiber.context);
  IF_ASAN(__sanitizer_finish_switch_fiber(scheduler_fake_stack, nullptr, nullptr);)
  current = nullptr;
}

void yield() {
  Fiber& fiber = *current;
  IF_ASAN(__sanitizer_start_switch_fiber(&fiber.fake_stack, scheduler_stack, scheduler_stack_size);)
  IF_TSAN(__tsan_switch_to_fiber(scheduler_tsan, kNoSync);)
  Context::change(fiber.context, scheduler);
  IF_ASAN(__sanitizer_finish_switch_fiber(fiber.fake_stack, &scheduler_stack, &scheduler_stack_size);)
}

/// A fiber's life: one CUDA thread after another.
void live() {
  IF_ASAN(__sanitizer_finish_switch_fiber(nullptr, &scheduler_stack, &scheduler_stack_size);)
  for (;;) {
    IF_TSAN(__tsan_acquire(&launch_order);)
    current->copies.clear();
    (*body)();
    current->state = State::done;
    --alive;
    IF_TSAN(__tsan_release(&finish_order);)
    yield();
  }
}

void make_fiber(Fiber& fiber) {
  if (!fiber.stack) {
    const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
    fiber.stack = static_cast<char*>(mmap(nullptr, kStack, PROT_READ | PROT_WRITE, flags, -1, 0));
    IF_TSAN(fiber.tsan = __tsan_create_fiber(0);)
    fiber.context.start(fiber.stack, kStack, live);
  }
}

Warp& meet(unsigned mask, const void* value, size_t bytes, bool orders_memory) {
  Fiber& fiber = *current;
  const unsigned own = fiber.index % kWarp, first = fiber.index - own;
  Warp& warp = warps[fiber.index / kWarp];
  if (!(mask >> own & 1)) fail("a lane called a warp operation with the mask %08x, which leaves it out", mask);
  if (warp.arrived && warp.mask != mask) fail("lanes came to a warp operation with masks %08x and %08x", warp.mask, mask);
  for (unsigned l = 0; l < kWarp; ++l)
    if (mask >> l & 1 && (first + l >= threads || block_fibers[first + l].state == State::done))
      fail("the mask %08x of a warp operation names lane %u, which has returned or does not exist", mask, l);
  fiber.parity = warp.generation & 1;
  if (value) copy(warp.shown[fiber.parity][own], value, bytes);
  warp.mask = mask;
  warp.arrived |= 1u << own;
  (void)orders_memory;
  IF_TSAN(if (orders_memory) __tsan_release(&warp.order[fiber.parity]);)
  fiber.state = State::at_warp;
  yield();
  IF_TSAN(if (orders_memory) __tsan_acquire(&warp.order[fiber.parity]);)
  return warp;
}

bool release_warps() {
  bool any = false;
  for (unsigned w = 0; w < (threads + kWarp - 1) / kWarp; ++w) {
    Warp& warp = warps[w];
    if (!warp.arrived || warp.arrived != warp.mask) continue;
    for (unsigned l = 0; l < kWarp; ++l)
      if (warp.mask >> l & 1) block_fibers[w * kWarp + l].state = State::ready;
    ++warp.generation;
    warp.arrived = 0;
    any = true;
  }
  return any;
}

bool release_barrier() {
  if (!alive || waiting != alive) return false;
  for (unsigned t = 0; t < threads; ++t)
    if (block_fibers[t].state == State::at_barrier) {
      current = &block_fibers[t];
      if (waiting != threads)
        fail("__syncthreads reached by %u of %u threads; the others have returned", waiting, threads);
      block_fibers[t].state = State::ready;
    }
  current = nullptr;
  barrier_site = nullptr;
  waiting = 0;
  ++barriers;
  return true;
}

/// The order in which a block's threads take turns.
class Schedule {
 public:
  Schedule() {
    const char* setting = std::getenv("SIMT_ORDER");
    reverse_ = setting && std::strcmp(setting, "reverse") == 0;
    seed_ = setting ? unsigned(std::atoi(setting)) * 2654435761u : 0;
  }
  void start() {
    for (unsigned t = 0; t < threads; ++t) order_[t] = reverse_ ? threads - 1 - t : t;
  }
  const unsigned* turn() {
    if (seed_ != 0)
      for (unsigned t = threads - 1; t > 0; --t) {
        seed_ ^= seed_ << 13;
        seed_ ^= seed_ >> 17;
        seed_ ^= seed_ << 5;
        const unsigned other = seed_ % (t + 1), kept = order_[t];
        order_[t] = order_[other];
        order_[other] = kept;
      }
    return order_;
  }

 private:
  bool reverse_;
  unsigned seed_;
  unsigned order_[kMaxThreads];
};

void run_block(Schedule& schedule) {
  alive = threads;
  waiting = 0;
  for (Warp& warp : warps) warp.arrived = 0;
  for (unsigned t = 0; t < threads; ++t) {
    block_fibers[t].index = t;
    block_fibers[t].state = State::ready;
  }
  schedule.start();
  while (alive) {
    bool progress = false;
    const unsigned* order = schedule.turn();
    for (unsigned i = 0; i < threads; ++i)
      if (block_fibers[order[i]].state == State::ready) {
        resume(block_fibers[order[i]]);
        progress = true;
      }
    if (release_warps()) progress = true;
    if (release_barrier()) progress = true;
    if (!progress) {
      for (unsigned t = 0; t < threads; ++t)
        if (block_fibers[t].state == State::at_warp) current = &block_fibers[t];
      fail("deadlock: %u of %u threads wait at __syncthreads, others at a warp operation", waiting, alive);
    }
  }
}

}  // namespace

uint3 thread_index() {
  const unsigned i = current->index;
  return {i % block.x, i / block.x % block.y, i / (block.x * block.y)};
}
uint3 block_index() { return block_at; }
dim3 block_size() { return block; }
dim3 grid_size() { return grid; }
unsigned lane() { return current->index % kWarp; }
CopyQueue& copy_queue() { return current->copies; }

void* shared(const void* site, size_t bytes, size_t alignment) {
  for (unsigned i = 0; i < shared_count; ++i)
    if (shared_arrays[i].site == site) return shared_arrays[i].data;
  const size_t at = (arena_used + kRedZone + alignment - 1) / alignment * alignment;
  if (shared_count == kMaxShared || at + bytes + kRedZone > kArena)
    fail("more than %u KiB of shared memory", kArena >> 10);
  arena_used = at + bytes;
  IF_ASAN(__asan_unpoison_memory_region(arena + at, bytes);)
  shared_arrays[shared_count] = {site, arena + at};
  return shared_arrays[shared_count++].data;
}

void block_barrier() {
  void* site = __builtin_return_address(0);
  if (waiting && site != barrier_site) fail("threads of one block wait at different __syncthreads");
  barrier_site = site;
  char* order = &barrier_order[barriers & 1];
  (void)order;
  IF_TSAN(__tsan_release(order);)
  ++waiting;
  current->state = State::at_barrier;
  yield();
  IF_TSAN(__tsan_acquire(order);)
}

void warp_barrier(unsigned mask) { meet(mask, nullptr, 0, true); }

void warp_show(unsigned mask, const void* value, size_t bytes) { meet(mask, value, bytes, false); }

void warp_read(unsigned from, void* value, size_t bytes) {
  const Warp& warp = warps[current->index / kWarp];
  if (from >= kWarp || !(warp.mask >> from & 1)) fail("a shuffle reads lane %u, outside its mask %08x", from, warp.mask);
  copy(value, warp.shown[current->parity][from], bytes);
}

namespace {

float half_at(const uint32_t* registers, int halves_in) {
  return glpose::to_float({uint16_t(registers[halves_in / 2] >> (halves_in % 2 * 16))});
}

}  // namespace

/// The fragment layout is that of kernels/gpu.h, read from the other side: which lane holds an element of A or B.
void tensor_core_multiply(float* d, const uint32_t* a, const uint32_t* b, int tiles) {
  uint32_t registers[kMaxShown / sizeof(uint32_t)];
  for (int i = 0; i < 4; ++i) registers[i] = a[i];
  for (int i = 0; i < 2 * tiles; ++i) registers[4 + i] = b[i];
  Warp& warp = meet(0xffffffffu, registers, (4 + 2 * tiles) * sizeof(uint32_t), false);
  const unsigned own = lane(), group = own / 4, t = own % 4;
  const auto shown = [&](unsigned l) { return reinterpret_cast<const uint32_t*>(warp.shown[current->parity][l]); };
  for (int row_half = 0; row_half < 2; ++row_half) {
    float row[16];  // A[group + 8 row_half, k]
    for (unsigned k = 0; k < 16; ++k) row[k] = half_at(shown(group * 4 + k % 8 / 2) + row_half + k / 8 * 2, k % 2);
    for (int n = 0; n < tiles; ++n)
      for (unsigned column = 2 * t; column < 2 * t + 2; ++column) {
        float sum = d[n * 4 + row_half * 2 + column % 2];
        for (unsigned k = 0; k < 16; ++k)  // B[k, column]
          sum += row[k] * half_at(shown(column * 4 + k % 8 / 2) + 4 + 2 * n + k / 8, k % 2);
        d[n * 4 + row_half * 2 + column % 2] = sum;
      }
  }
}

cudaError_t run_kernel(dim3 grid_dim, dim3 block_dim, const std::function<void()>& thread) {
  grid = grid_dim;
  block = block_dim;
  threads = block.x * block.y * block.z;
  body = &thread;
  IF_TSAN(scheduler_tsan = __tsan_get_current_fiber();)
  for (auto& set : fibers)
    for (unsigned t = 0; t < threads; ++t) make_fiber(set[t]);
  Schedule schedule;

  // Under ThreadSanitizer every block has an arena of its own until the launch ends: memory used again would look like a
  // race, or hide one.
  std::vector<char*> arenas;
  IF_TSAN(__tsan_release(&launch_order);)
  const unsigned blocks = grid.x * grid.y * grid.z;
  for (unsigned b = 0; b < blocks; ++b) {
    block_at = {b % grid.x, b / grid.x % grid.y, b / (grid.x * grid.y)};
    bool fresh = arenas.empty();
    IF_TSAN(fresh = true;)
    if (fresh) arenas.push_back(static_cast<char*>(std::aligned_alloc(64, kArena)));
    IF_TSAN(__tsan_release(&launch_order);)
    arena = arenas.back();
    IF_ASAN(__asan_unpoison_memory_region(arena, kArena);)
    for (volatile char* byte = arena; byte < arena + kArena; ++byte) *byte = char(0xff);
    IF_ASAN(__asan_poison_memory_region(arena, kArena);)
    arena_used = 0;
    shared_count = 0;
    block_fibers = fibers[b & 1];
    run_block(schedule);
  }
  IF_TSAN(__tsan_acquire(&finish_order);)
  for (char* used : arenas) {
    IF_ASAN(__asan_unpoison_memory_region(used, kArena);)
    std::free(used);
  }
  return cudaSuccess;
}

}  // namespace simt
