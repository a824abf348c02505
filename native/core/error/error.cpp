#include "error/error.h"

#include <c10/util/Exception.h>

#include <new>

namespace drmguard {

const char* error_code_name(ErrorCode code) {
  switch (code) {
#define DRMGUARD_ERROR(code, meaning, remedy) \
  case ErrorCode::code:                       \
    return #code;
#include "error/codes.def"
#undef DRMGUARD_ERROR
  }
  return "ERR_INTERNAL";
}

Error current_exception_as_error(ErrorCode fallback, const std::string& context) {
  const std::string prefix = context.empty() ? "" : context + ": ";
  try {
    throw;
  } catch (const Error& error) {
    return error;
  } catch (const c10::OutOfMemoryError& error) {
    return Error(ErrorCode::ERR_DEVICE_MEMORY, prefix + error.what_without_backtrace());
  } catch (const c10::Error& error) {
    const std::string message = error.what_without_backtrace();
    // The CPU allocator reports exhaustion as a plain c10::Error.
    const bool out_of_memory = message.find("DefaultCPUAllocator") != std::string::npos;
    return Error(out_of_memory ? ErrorCode::ERR_DEVICE_MEMORY : fallback, prefix + message);
  } catch (const std::bad_alloc&) {
    return Error(ErrorCode::ERR_DEVICE_MEMORY, prefix + "the host ran out of memory");
  } catch (const std::exception& error) {
    return Error(fallback, prefix + error.what());
  } catch (...) {
    return Error(fallback, prefix + "an unknown exception");
  }
}

}  // namespace drmguard
