// How many images go through a model at once when gradients are wanted.
#pragma once

#include <c10/core/Device.h>

#include <algorithm>
#include <cstdint>

namespace drmguard {

/// Images that go through the model in one pass with gradients. A CPU's caches like small passes; a GPU wants large ones.
inline int64_t images_per_pass(const at::Device& device) { return device.is_cpu() ? 64 : 2048; }

/// Starts that share one pass, at least one.
inline int64_t starts_per_pass(const at::Device& device, int64_t batch_size) {
  return std::max<int64_t>(1, images_per_pass(device) / batch_size);
}

}  // namespace drmguard
