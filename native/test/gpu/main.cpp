// gpu-check: the conformance tests on device cuda:0, a real one, and then how fast it is (see native/check-gpu.js).
// Arguments: parts to run (check, bench). Exit status 1 where a check failed, 3 where there is no device.
#include <cstring>

#include "backend/cuda.h"
#include "backend/error.h"
#include "test/check.h"
#include "test/conformance.h"
#include "test/gpu/bench.h"

int main(int argc, char** argv) {
  const auto wanted = [&](const char* part) {
    for (int i = 1; i < argc; ++i)
      if (std::strcmp(argv[i], part) == 0) return true;
    return false;
  };
  try {
    if (wanted("check")) {
      glpose::CudaLimits few_blocks;
      few_blocks.many_blocks = glpose::kFewBlocks;
      for (const glpose::CudaLimits& limits : {glpose::CudaLimits(), few_blocks})
        glpose::check_kernels(*glpose::make_cuda_backend(0, limits), glpose::kHalfTolerance, 1 << 20);
      glpose::check_cuda_network();
      std::printf("%d failures\n", failures);
    }
    if (wanted("bench") && failures == 0) glpose::bench_gpu();
  } catch (const glpose::Error& error) {
    std::fprintf(stderr, "%s: %s\n", error.code(), error.what());
    return std::strcmp(error.code(), "DEVICE") == 0 ? 3 : 1;
  }
  return failures ? 1 : 0;
}
