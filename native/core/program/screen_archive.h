// What must be known of a TorchScript archive before LibTorch is allowed to load it.
#pragma once

#include <cstddef>
#include <cstdint>

namespace drmguard {

/// Looks into a TorchScript archive with the very reader that will load it, and refuses what would run or call out
/// while it loads: __setstate__ methods, custom classes, Python operators, file operators.
/// Throws ERR_MODEL_TRUNCATED, ERR_MODEL_FORMAT, ERR_MODEL_UNSAFE or ERR_MODEL_TOO_LARGE.
void screen_archive(const uint8_t* bytes, size_t size);

}  // namespace drmguard
