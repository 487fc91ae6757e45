#pragma once
#include <napi.h>

#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "addon/errors.h"

namespace glpose {

/// Work off JavaScript's thread, and the promise of its result. The JavaScript objects whose memory the work fills are kept
/// alive by `keep`, and nobody else has them yet; array memory does not move. What the work reads is its own.
class Task : public Napi::AsyncWorker {
 public:
  using Kept = std::vector<Napi::ObjectReference>;
  /// Makes the promise's value out of the kept objects, in their order.
  using Result = std::function<Napi::Value(Napi::Env, const Kept&)>;

  /// @param work runs on a libuv thread and may throw  @param result runs on JavaScript's thread when work is done
  static Napi::Promise start(Napi::Env env, const std::vector<Napi::Object>& keep, std::function<void()> work,
                             Result result) {
    std::unique_ptr<Task> task(new Task(env, std::move(work), std::move(result)));
    for (const Napi::Object& object : keep) task->kept_.push_back(Napi::Persistent(object));
    const Napi::Promise promise = task->deferred_.Promise();
    task.release()->Queue();  // deletes itself when it is done
    return promise;
  }

 private:
  Task(Napi::Env env, std::function<void()> work, Result result)
      : Napi::AsyncWorker(env, "glpose"),
        deferred_(Napi::Promise::Deferred::New(env)),
        work_(std::move(work)),
        result_(std::move(result)) {}

  void Execute() override {
    try {
      work_();
    } catch (...) {
      failure_ = current_failure();
      SetError(failure_.problem);
    }
  }
  void OnOK() override {
    settle([&] {
      try {
        deferred_.Resolve(guarded(Env(), [&] { return result_(Env(), kept_); }));
      } catch (const Napi::Error& error) {
        deferred_.Reject(error.Value());
      }
    });
  }
  void OnError(const Napi::Error&) override {
    settle([&] { deferred_.Reject(coded_error(Env(), failure_.code, failure_.problem).Value()); });
  }

  /// In a worker thread that is being terminated no JavaScript can be run: nobody is left to hear of the result.
  template <class Body>
  static void settle(Body body) noexcept {
    try {
      body();
    } catch (const Napi::Error&) {
    }
  }

  Napi::Promise::Deferred deferred_;
  std::function<void()> work_;
  Result result_;
  Kept kept_;
  Failure failure_;
};

}  // namespace glpose
