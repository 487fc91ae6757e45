#pragma once
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "backend/backend.h"

namespace glpose {

/// An image [height, width, 3] whose windows a network is run on: it goes up to the backend's memory once, with the first run.
class NetworkImage {
 public:
  NetworkImage(std::shared_ptr<Backend> backend, std::vector<uint8_t> bytes, int width, int height)
      : backend_(std::move(backend)), width_(width), height_(height), bytes_(std::move(bytes)) {}

  int width() const { return width_; }
  int height() const { return height_; }
  bool belongs_to(const Backend& backend) const { return backend_.get() == &backend; }

  /// In the backend's memory. Called by one thread at a time. Throws MEMORY, DEVICE.
  const uint8_t* data() {
    if (!buffer_.data()) {
      Buffer buffer(*backend_, bytes_.size());
      backend_->upload(buffer.data(), bytes_.data(), bytes_.size());
      buffer_ = std::move(buffer);
      bytes_ = {};
    }
    return static_cast<const uint8_t*>(buffer_.data());
  }

 private:
  std::shared_ptr<Backend> backend_;
  int width_, height_;
  std::vector<uint8_t> bytes_;  // until they have gone up
  Buffer buffer_;               // destroyed before `backend_`
};

/// A window of one, as in ImageWindow.
struct NetworkWindow {
  std::shared_ptr<NetworkImage> image;
  double x, y, width;
  bool mirrored;
};

}  // namespace glpose
