#include "backend/thread_pool.h"

#include <atomic>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>
#if defined(__linux__)
#include <pthread.h>
#include <sched.h>
#endif

namespace glpose {
namespace {

// A layer of the network takes tens of microseconds, a sleeping thread as long to wake: look a while before sleeping.
constexpr int kSpins = 4000;

void relax() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

}  // namespace

struct ThreadPool::State {
  std::mutex turn;  // held during a run, and while threads come and go
  std::vector<std::thread> threads;
  std::atomic<int> size{1};

  std::mutex mutex;
  std::condition_variable wake;
  std::atomic<unsigned> generation{0};  // counts runs
  std::atomic<bool> stopping{false};

  const std::function<void(int, int)>* body = nullptr;
  int tasks = 0, workers = 0;
  std::atomic<int> next{0};
  std::atomic<bool> open{false};  // threads may still join the run
  std::atomic<int> inside{0};     // threads other than the caller that are in the run, or find out that it is over
  std::mutex failure_mutex;
  std::exception_ptr failure;
  int kept_off = -1;  // the core that the threads may not use

  void work(int worker) {
    for (int task; (task = next.fetch_add(1, std::memory_order_relaxed)) < tasks;) {
      try {
        (*body)(task, worker);
      } catch (...) {
        std::lock_guard lock(failure_mutex);
        if (!failure) failure = std::current_exception();
        next = tasks;
      }
    }
  }

  void loop(int worker, unsigned seen) {
    for (;;) {
      for (int i = 0; i < kSpins && generation.load(std::memory_order_acquire) == seen; ++i) relax();
      if (generation.load(std::memory_order_acquire) == seen) {
        std::unique_lock lock(mutex);
        wake.wait(lock, [&] { return generation.load(std::memory_order_acquire) != seen; });
      }
      seen = generation.load(std::memory_order_acquire);  // one that slept through a run has missed nothing
      if (stopping) return;
      inside.fetch_add(1);
      if (open.load() && worker < workers) work(worker);
      inside.fetch_sub(1, std::memory_order_release);
    }
  }

  /// In one's turn.
  void run(int count, const std::function<void(int, int)>& what, int most) {
    body = &what;
    tasks = count;
    workers = most;
    next = 0;
    failure = nullptr;
    if (!threads.empty() && tasks > 0) {
      keep_off_this_core();
      open = true;
      announce();
    }
    work(0);
    // Only threads that came in time are waited for: where others keep the cores busy, some may not have woken yet. A
    // thread steps inside before it looks whether the run is open, so that either it is seen here or it sees that it is late.
    open = false;
    for (int spins = 0; inside.load() > 0; ++spins) {
      if (spins < kSpins) relax();
      else std::this_thread::yield();
    }
    if (failure) std::rethrow_exception(failure);
  }

  /// Linux often wakes a thread on the core of the one that wakes it (always where, as in many virtual machines, it is not
  /// told which cores share a cache). There it waits for its turn, milliseconds, and misses the run: the threads may run
  /// anywhere but there.
  void keep_off_this_core() {
#if defined(__linux__)
    const int core = sched_getcpu();
    cpu_set_t allowed;
    if (core == kept_off || sched_getaffinity(0, sizeof allowed, &allowed) != 0) return;
    CPU_CLR(core, &allowed);
    if (CPU_COUNT(&allowed) == 0) return;
    for (std::thread& thread : threads) pthread_setaffinity_np(thread.native_handle(), sizeof allowed, &allowed);
    kept_off = core;
#endif
  }

  void announce() {
    {
      std::lock_guard lock(mutex);
      generation.fetch_add(1, std::memory_order_release);
    }
    wake.notify_all();
  }

  void stop() {
    if (threads.empty()) return;
    stopping = true;
    announce();
    for (std::thread& thread : threads) thread.join();
    threads.clear();
    stopping = false;
  }

  void start(int count) {
    for (int worker = 1; worker < count; ++worker)
      threads.emplace_back([this, worker, seen = generation.load()] { loop(worker, seen); });
    size = count;
    kept_off = -1;
  }
};

ThreadPool::ThreadPool() : state_(new State) {
  const int cores = int(std::thread::hardware_concurrency());
  state_->start(cores > 0 ? cores : 1);
}

ThreadPool& ThreadPool::instance() {
  // Never destroyed: threads that outlive the process's statics must not be joined at exit.
  static ThreadPool* pool = new ThreadPool;
  return *pool;
}

int ThreadPool::size() const { return state_->size; }

void ThreadPool::resize(int threads) {
  std::lock_guard turn(state_->turn);
  if (threads == state_->size) return;
  state_->stop();
  state_->start(threads);
}

void ThreadPool::run(int tasks, const std::function<void(int, int)>& body, int workers) {
  if (tasks == 1) return body(0, 0);
  std::lock_guard turn(state_->turn);
  state_->run(tasks, body, workers);
}

void ThreadPool::run_beside(int tasks, const std::function<void(int, int)>& body) {
  std::unique_lock turn(state_->turn, std::try_to_lock);
  if (turn) return state_->run(tasks, body, kAll);
  for (int task = 0; task < tasks; ++task) body(task, 0);
}

}  // namespace glpose
