// A network on the CUDA backend beside the CPU's: on a GPU, or under the SIMT executor.
#include "backend/cpu.h"
#include "backend/cuda.h"
#include "test/checks.h"
#include "test/layered_fixture.h"

namespace glpose {

void check_cuda_layers() {
  LayeredFixture cpu(make_cpu_backend()), cuda(make_cuda_backend(0));
  const LayeredFixture::Results wanted = cpu.run(0, 3), first = cuda.run(0, 3);
  for (size_t output = 0; output < wanted.size(); ++output)
    expect_close(first[output], wanted[output], 1e-5, 0.1, "layered network, output " + std::to_string(output));
  for (const char* pass : {"captured as a graph", "replayed"})
    expect(cuda.run(0, 3) == first, std::string("layered network, ") + pass);

  // One image's results are the same bits in every company, whatever tiles a batch takes.
  CudaLimits few;
  few.many_blocks = 2;
  LayeredFixture large(make_cuda_backend(0, few));
  const LayeredFixture::Results all = cuda.run(0, LayeredFixture::kImages), others = large.run(0, LayeredFixture::kImages);
  expect(all == others, "layered network with larger tiles");
  for (int image = 0; image < LayeredFixture::kImages; ++image) {
    const LayeredFixture::Results alone = cuda.run(image, 1);
    for (size_t output = 0; output < alone.size(); ++output) {
      const auto from = all[output].begin() + image * alone[output].size();
      expect(std::equal(alone[output].begin(), alone[output].end(), from), "layered network, an image alone");
    }
  }
}

}  // namespace glpose
