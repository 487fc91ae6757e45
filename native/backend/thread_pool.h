#pragma once
#include <functional>

namespace glpose {

/// The process's own threads for CPU work, shared by every call. Thread-safe: runs take turns.
class ThreadPool {
 public:
  static constexpr int kAll = 1 << 20;

  static ThreadPool& instance();

  /// Threads that work on a run, the caller included.
  int size() const;
  /// Waits for the run in progress. @param threads at least 1
  void resize(int threads);

  /// Calls body(task, worker) for every task in [0, tasks), and returns when all are done. Tasks are handed out in order,
  /// one by one. The first exception of a task is thrown here; the tasks left are dropped.
  /// @param workers worker stays below it, whatever the pool's size has become since the caller asked
  void run(int tasks, const std::function<void(int task, int worker)>& body, int workers = kAll);

  /// The same for short work that should not wait for long work: during another run the caller does all tasks itself.
  void run_beside(int tasks, const std::function<void(int task, int worker)>& body);

 private:
  ThreadPool();
  struct State;
  State* state_;
};

}  // namespace glpose
