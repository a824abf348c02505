// What the tests work on: images without files, models of the fixtures, and tensors as plain numbers.
#pragma once

#include <ATen/TensorOperators.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/tensor.h>

#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "check.h"
#include "model/regression_model.h"
#include "trigger/trigger_generator.h"

namespace drmguard::check {

inline constexpr TriggerFamily kFamilies[] = {TriggerFamily::additive_pattern, TriggerFamily::smooth_warp,
                                              TriggerFamily::encoder_decoder};

inline std::vector<double> numbers(const at::Tensor& tensor) {
  const at::Tensor flat = tensor.detach().to(at::kCPU, at::kDouble).contiguous();
  return {flat.const_data_ptr<double>(), flat.const_data_ptr<double>() + flat.numel()};
}

inline at::Tensor floats(const std::vector<double>& values, at::IntArrayRef shape) {
  return at::tensor(values, at::TensorOptions().dtype(at::kFloat)).reshape(shape);
}

/// The same integers as patterned_images of make_core_reference.py.
inline at::Tensor patterned_images(int64_t count, int64_t side, int64_t factor = 7919) {
  const at::Tensor index = at::arange(count * 3 * side * side, at::TensorOptions().dtype(at::kLong));
  const at::Tensor values = (index * factor + index.floor_divide(97)).remainder(256);
  return values.to(at::kFloat).reshape({count, 3, side, side}) / 255;
}

inline std::vector<uint8_t> file_bytes(const std::string& path) {
  std::ifstream file(DRMGUARD_ROOT "/" + path, std::ios::binary);
  if (!file) throw std::runtime_error("cannot read " + path);
  return {std::istreambuf_iterator<char>(file), {}};
}

inline LoadedModel torchscript(const std::string& path) {
  const std::vector<uint8_t> bytes = file_bytes(path);
  return load_torchscript_model(bytes.data(), bytes.size());
}

}  // namespace drmguard::check
