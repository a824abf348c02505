// The errors that the core throws on purpose. Their codes are the table in codes.def.
#pragma once

#include <stdexcept>
#include <string>

namespace drmguard {

enum class ErrorCode {
#define DRMGUARD_ERROR(code, meaning, remedy) code,
#include "error/codes.def"
#undef DRMGUARD_ERROR
};

/// The code as text, for example "ERR_MODEL_FORMAT".
const char* error_code_name(ErrorCode code);

/// An expected failure: the message says what was expected and what came.
class Error : public std::runtime_error {
 public:
  Error(ErrorCode code, const std::string& message) : std::runtime_error(message), code_(code) {}
  ErrorCode code() const { return code_; }

 private:
  ErrorCode code_;
};

/// Turns the exception in flight into an Error, whatever it was: LibTorch's messages lose their backtrace, running
/// out of memory becomes ERR_DEVICE_MEMORY, anything else `fallback`. Call it only inside a catch block.
Error current_exception_as_error(ErrorCode fallback, const std::string& context);

}  // namespace drmguard
