#include "objective/perturbation.h"

#include <ATen/TensorOperators.h>

namespace drmguard {

at::Tensor mean_l1(const at::Tensor& triggered, const at::Tensor& images) {
  return (triggered - images.unsqueeze(0)).abs().mean({1, 2, 3, 4});
}

at::Tensor weighted_l1(const at::Tensor& triggered, const at::Tensor& images, const at::Tensor& weights) {
  return ((triggered - images.unsqueeze(0)).abs() * weights).mean({1, 2, 3, 4});
}

}  // namespace drmguard
