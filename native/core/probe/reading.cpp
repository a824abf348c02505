#include "probe/reading.h"

#include <ATen/TensorOperators.h>

#include "tensor/doubles.h"

namespace drmguard {
namespace {

constexpr double kLeastVariance = 1e-12;

}  // namespace

std::vector<Reading> read_outputs(const at::Tensor& outputs, const at::Tensor& benign, const at::Tensor& deviation) {
  const at::Tensor moved = (outputs - benign) / deviation;
  const std::vector<double> ratio = to_doubles((outputs.var(1, true) / benign.var(0, true).clamp_min(kLeastVariance)).mean(1));
  const std::vector<double> shift = to_doubles(moved.mean(1).square().mean(1).sqrt());
  const std::vector<double> shift_variance = to_doubles(moved.var(1, true).mean(1));
  std::vector<Reading> readings;
  for (size_t i = 0; i < ratio.size(); ++i) readings.push_back({ratio[i], shift[i], shift_variance[i]});
  return readings;
}

}  // namespace drmguard
