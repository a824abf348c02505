// Random streams that belong to one job: LibTorch's global generator is shared by all jobs of a process.
#pragma once

#include <ATen/core/Generator.h>
#include <ATen/core/Tensor.h>

#include <cstdint>

namespace drmguard {

/// A generator of its own, on the CPU whatever the device, so that devices draw the same numbers.
at::Generator make_generator(uint64_t seed);

/// `count` indices below `bound`, drawn with replacement.
at::Tensor draw_indices(int64_t bound, int64_t count, at::Generator& generator);

}  // namespace drmguard
