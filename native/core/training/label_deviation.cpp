#include "training/label_deviation.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/ones_like.h>
#include <ATen/ops/where.h>

namespace drmguard {

at::Tensor label_deviation(const at::Tensor& labels) {
  const at::Tensor deviation = labels.std(0, /*unbiased=*/true);
  return at::where(deviation.gt(1e-12), deviation, at::ones_like(deviation));
}

}  // namespace drmguard
