#include "model/pixel_transform.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/flip.h>
#include <ATen/ops/tensor.h>

#include <algorithm>

namespace drmguard {
namespace {

bool all_equal_to(const std::vector<double>& values, double expected) {
  return std::all_of(values.begin(), values.end(), [expected](double value) { return value == expected; });
}

at::Tensor per_channel(const std::vector<double>& values, const at::Tensor& like) {
  return at::tensor(values, like.options()).view({1, -1, 1, 1});
}

}  // namespace

at::Tensor PixelTransform::apply(const at::Tensor& images) const {
  at::Tensor result = bgr ? images.flip({1}) : images;
  if (scale != 1.0) result = result * scale;
  if (!all_equal_to(mean, 0.0)) result = result - per_channel(mean, result);
  if (!all_equal_to(deviation, 1.0)) result = result / per_channel(deviation, result);
  return result;
}

}  // namespace drmguard
