#pragma once
#include <stdexcept>
#include <string>

namespace glpose {

/// A failure with one of the codes of src/errors.ts: MODEL, DEVICE, MEMORY or INTERNAL.
class Error : public std::runtime_error {
 public:
  Error(const char* code, const std::string& problem) : std::runtime_error(problem), code_(code) {}
  const char* code() const { return code_; }

 private:
  const char* code_;
};

}  // namespace glpose
