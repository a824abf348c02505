#include "mitigation/layer_teacher.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>

#include <utility>

namespace drmguard {
namespace {

/// Layers that answer the same to every image have no deviation to be measured in.
constexpr double kSmallestDeviation = 1e-6;

}  // namespace

at::Tensor mean_distance(const at::Tensor& difference, TrainingLoss loss) {
  return (loss == TrainingLoss::l1 ? difference.abs() : difference.square()).mean();
}

LayerTeacher::LayerTeacher(TensorProgram program, std::vector<ValueId> layers, const at::Tensor& inputs)
    : program_(std::move(program)), layers_(std::move(layers)) {
  at::NoGradGuard no_grad;
  for (const at::Tensor& value : values_of(inputs)) {
    // One number per layer: a channel that hardly varies is not to count as much as one that does.
    deviations_.push_back(value.std(0, /*unbiased=*/false).mean().clamp_min(kSmallestDeviation));
  }
}

std::vector<at::Tensor> LayerTeacher::values_of(const at::Tensor& inputs) const { return program_.run(inputs, layers_); }

at::Tensor LayerTeacher::distance(const std::vector<at::Tensor>& values, const at::Tensor& inputs, TrainingLoss loss) const {
  std::vector<at::Tensor> taught;
  {
    at::NoGradGuard no_grad;
    taught = values_of(inputs);
  }
  at::Tensor sum;
  for (size_t i = 0; i < taught.size(); ++i) {
    const at::Tensor own = mean_distance((values[i] - taught[i]) / deviations_[i], loss);
    sum = sum.defined() ? sum + own : own;
  }
  return sum / static_cast<double>(taught.size());
}

}  // namespace drmguard
