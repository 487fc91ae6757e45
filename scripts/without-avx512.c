/*
 * Makes a Linux processor with AVX-512 look like one that ends at AVX2, for measuring (docs/bench.md):
 *
 *   cc -O2 -shared -fPIC -o /tmp/without-avx512.so scripts/without-avx512.c
 *   LD_PRELOAD=/tmp/without-avx512.so npm run -s bench -- network
 *
 * CPUID is made to fault, where the processor can do that (`cpuid_fault` in /proc/cpuinfo), and answered by the processor itself less
 * what begins with AVX-512. It says nothing of the clock and caches of a processor that really has no more.
 */
#define _GNU_SOURCE
#include <cpuid.h>
#include <dlfcn.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

enum { SET_CPUID = 0x1012 }; // arch_prctl's; 0: CPUID faults on this thread and those that it starts

static void answer(int signal, siginfo_t* about, void* where) {
  greg_t* registers = ((ucontext_t*)where)->uc_mcontext.gregs;
  const unsigned char* code = (const unsigned char*)registers[REG_RIP];
  if (code[0] != 0x0f || code[1] != 0xa2) abort(); // no CPUID: a real fault
  const unsigned leaf = registers[REG_RAX], part = registers[REG_RCX];
  unsigned a, b, c, d;
  syscall(SYS_arch_prctl, SET_CPUID, 1);
  __cpuid_count(leaf, part, a, b, c, d);
  syscall(SYS_arch_prctl, SET_CPUID, 0);
  if (leaf == 7 && part == 0) {
    b &= ~(1u << 16 | 1u << 17 | 1u << 21 | 1u << 26 | 1u << 27 | 1u << 28 | 1u << 30 | 1u << 31); // F DQ IFMA PF ER CD BW VL
    c &= ~(1u << 1 | 1u << 6 | 1u << 11 | 1u << 12 | 1u << 14); // VBMI VBMI2 VNNI BITALG VPOPCNTDQ
    d &= ~(1u << 2 | 1u << 3 | 1u << 8 | 1u << 22 | 1u << 23 | 1u << 24 | 1u << 25); // 4VNNIW 4FMAPS VP2INTERSECT AMX FP16
  }
  if (leaf == 7 && part == 1) a &= ~(1u << 4 | 1u << 5 | 1u << 21 | 1u << 23), d = 0; // AVX-VNNI BF16 AMX-FP16 AVX-IFMA and later ones
  if (leaf == 13 && part == 0) a &= 7; // no state beyond AVX's
  registers[REG_RAX] = a, registers[REG_RBX] = b, registers[REG_RCX] = c, registers[REG_RDX] = d;
  registers[REG_RIP] += 2;
}

/* Node takes the signal for itself, or would. */
int sigaction(int number, const struct sigaction* action, struct sigaction* before) {
  static int (*real)(int, const struct sigaction*, struct sigaction*);
  if (!real) real = (int (*)(int, const struct sigaction*, struct sigaction*))dlsym(RTLD_NEXT, "sigaction");
  if (number != SIGSEGV || !action || ((action->sa_flags & SA_SIGINFO) && action->sa_sigaction == answer))
    return real(number, action, before);
  if (before) memset(before, 0, sizeof *before);
  return 0;
}

__attribute__((constructor)) static void begin(void) {
  struct sigaction action = {.sa_sigaction = answer, .sa_flags = SA_SIGINFO | SA_NODEFER | SA_ONSTACK};
  sigaction(SIGSEGV, &action, NULL);
  if (syscall(SYS_arch_prctl, SET_CPUID, 0) != 0) abort(); // this processor cannot do that
}
