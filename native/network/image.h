#pragma once
#include <cstdint>
#include <cstring>
#include <memory>
#include <utility>

#include "backend/backend.h"

namespace glpose {

/// An image [height, width, 3] whose windows networks of one backend are run on: it goes up to the backend's memory once, with the first run.
class NetworkImage {
 public:
  /// @param bytes are copied. Throws MEMORY, DEVICE.
  NetworkImage(std::shared_ptr<Backend> backend, const uint8_t* bytes, int width, int height)
      : backend_(std::move(backend)), width_(width), height_(height), host_(*backend_, size_t(width) * height * 3) {
    std::memcpy(host_.data(), bytes, size());
  }

  int width() const { return width_; }
  int height() const { return height_; }
  bool belongs_to(const Backend& backend) const { return backend_.get() == &backend; }

  /// In the backend's memory. Called in the backend's turn, as `arrived`. Throws MEMORY, DEVICE.
  const uint8_t* data() {
    if (!buffer_.data()) {
      Buffer buffer(*backend_, size());
      backend_->upload_from(buffer.data(), host_);
      buffer_ = std::move(buffer);
    }
    return static_cast<const uint8_t*>(buffer_.data());
  }
  /// The backend has done what was queued: the bytes on the host are not needed any more.
  void arrived() {
    if (buffer_.data()) host_ = HostBuffer();
  }

 private:
  size_t size() const { return size_t(width_) * height_ * 3; }

  std::shared_ptr<Backend> backend_;
  int width_, height_;
  HostBuffer host_;  // until it has gone up
  Buffer buffer_;    // both destroyed before `backend_`
};

/// A window of one, as in ImageWindow.
struct NetworkWindow {
  std::shared_ptr<NetworkImage> image;
  double x, y, width;
  bool mirrored;
};

}  // namespace glpose
