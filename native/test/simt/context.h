#pragma once
/*
 * Where a fiber left off, and how one goes on where another did. ucontext does this everywhere, with two system calls a
 * switch, for the signal mask; on x86-64 Linux a few instructions do.
 */
#if defined(__x86_64__) && defined(__linux__)
#include <cstddef>
#include <cstdint>

namespace simt {

class Context {
 public:
  /// Will run `entry`, which never returns, on that stack.
  void start(char* stack, size_t bytes, void (*entry)()) {
    auto* top = reinterpret_cast<uintptr_t*>(stack + bytes);
    *--top = 0;  // where `entry` would return to
    *--top = reinterpret_cast<uintptr_t>(entry);
    for (int i = 0; i < 6; ++i) *--top = 0;
    stack_pointer_ = top;
  }
  /// Leaves off here, and goes on with another.
  static void change(Context& from, Context& to) { simt_switch(&from.stack_pointer_, to.stack_pointer_); }

 private:
  /// Keeps the registers that a call must keep on the stack, and the stack pointer at `from`; then the other way round.
  static void simt_switch(void** from, void* to) asm("simt_switch");
  void* stack_pointer_ = nullptr;
};

}  // namespace simt

asm(R"(
  .text
  .type simt_switch, @function
simt_switch:
  pushq %rbp
  pushq %rbx
  pushq %r12
  pushq %r13
  pushq %r14
  pushq %r15
  movq %rsp, (%rdi)
  movq %rsi, %rsp
  popq %r15
  popq %r14
  popq %r13
  popq %r12
  popq %rbx
  popq %rbp
  ret
  .size simt_switch, .-simt_switch
)");

#else
#include <ucontext.h>

#include <cstddef>

namespace simt {

class Context {
 public:
  void start(char* stack, size_t bytes, void (*entry)()) {
    getcontext(&context_);
    context_.uc_stack.ss_sp = stack;
    context_.uc_stack.ss_size = bytes;
    makecontext(&context_, entry, 0);
  }
  static void change(Context& from, Context& to) { swapcontext(&from.context_, &to.context_); }

 private:
  ucontext_t context_;
};

}  // namespace simt
#endif
