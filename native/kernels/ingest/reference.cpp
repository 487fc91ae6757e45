// ingest's specification as plain loops (see ingest.h).
#include "kernels/ingest/ingest.h"

namespace glpose {

void ingest_reference(const IngestArgs& a) {
  const int pixels = a.height * a.width, stride = channel_stride(a.channels);
  for (int n = 0; n < a.count; ++n) {
    float* map = static_cast<float*>(a.maps[n].data);
    for (int c = 0; c < stride; ++c) {
      double sum = 0;
      for (int p = 0; p < pixels; ++p) {
        float& value = map[size_t(p) * stride + c];
        value = 0;
        if (c >= a.channels) continue;
        value = (a.features[(size_t(n) * a.channels + c) * pixels + p] - a.mean[c]) * a.inv_std[c];
        sum += value;
      }
      if (c < a.channels) a.embeddings[size_t(n) * a.channels + c] = float(sum / pixels);
    }
  }
}

}  // namespace glpose
