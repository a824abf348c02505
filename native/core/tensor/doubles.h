// Tensors as plain numbers, for results that leave the tensor world.
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

namespace drmguard {

/// The elements of a tensor in row-major order, whatever its device, type and layout.
inline std::vector<double> to_doubles(const at::Tensor& tensor) {
  const at::Tensor flat = tensor.to(at::kCPU, at::kDouble).contiguous();
  return {flat.const_data_ptr<double>(), flat.const_data_ptr<double>() + flat.numel()};
}

}  // namespace drmguard
