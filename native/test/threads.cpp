// The thread pool: every task once, exceptions, callers in turn.
#include <cstring>
#include <thread>

#include "backend/error.h"
#include "backend/thread_pool.h"
#include "test/check.h"
#include "test/checks.h"

namespace glpose {

void check_threads() {
  ThreadPool& pool = ThreadPool::instance();
  for (int threads : {1, 2, 5}) {
    pool.resize(threads);
    std::vector<int> done(1000);
    pool.run(int(done.size()), [&](int task, int worker) {
      expect(worker >= 0 && worker < threads, "worker index");
      ++done[task];
    });
    for (int count : done) expect(count == 1, "every task once");
    pool.run(100, [&](int, int worker) { expect(worker < 1, "no more workers than asked for"); }, 1);
    bool thrown = false;
    try {
      pool.run(100, [](int task, int) {
        if (task == 37) throw Error("INTERNAL", "task 37");
      });
    } catch (const Error& error) {
      thrown = std::strcmp(error.what(), "task 37") == 0;
    }
    expect(thrown, "an exception of a task comes out of run");

    // Short runs of two callers in turn: threads that wake late for one run meet the next.
    std::vector<std::thread> callers;
    for (int caller = 0; caller < 2; ++caller)
      callers.emplace_back([&] {
        for (int i = 0; i < 2000; ++i) {
          std::vector<int> counts(3);
          pool.run(3, [&](int task, int) { ++counts[task]; });
          for (int count : counts)
            if (count != 1) expect(false, "every task once in short runs");
        }
      });
    for (std::thread& caller : callers) caller.join();
  }
}

}  // namespace glpose
