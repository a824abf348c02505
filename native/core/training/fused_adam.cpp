#include "training/fused_adam.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/_foreach_add.h>
#include <ATen/ops/_fused_adam.h>
#include <ATen/ops/_fused_adamw.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>

#include <unordered_map>

#include "error/error.h"

namespace drmguard {
namespace {

constexpr double kMeanDecay = 0.9;
constexpr double kSquareDecay = 0.999;
constexpr double kEpsilon = 1e-8;

at::Tensor kept(const at::Tensor& tensor) { return tensor.cpu().clone(); }

}  // namespace

FusedAdam::FusedAdam(std::vector<std::string> names, std::vector<at::Tensor> parameters, FusedAdamOptions options)
    : names_(std::move(names)), parameters_(std::move(parameters)), options_(options) {
  at::NoGradGuard no_grad;
  for (const at::Tensor& parameter : parameters_) {
    // The fused kernel reads the count of steps where the parameter lies.
    steps_.push_back(at::zeros({}, parameter.options().dtype(at::kFloat)));
    means_.push_back(at::zeros_like(parameter));
    squares_.push_back(at::zeros_like(parameter));
  }
}

void FusedAdam::zero_grad() {
  for (at::Tensor& parameter : parameters_) parameter.mutable_grad().reset();
}

void FusedAdam::step(double learning_rate) {
  at::NoGradGuard no_grad;
  std::vector<at::Tensor> parameters, gradients, means, squares, steps;
  for (size_t i = 0; i < parameters_.size(); ++i) {
    const at::Tensor& gradient = parameters_[i].grad();
    if (!gradient.defined()) continue;
    parameters.push_back(parameters_[i]);
    gradients.push_back(gradient.contiguous());
    means.push_back(means_[i]);
    squares.push_back(squares_[i]);
    steps.push_back(steps_[i]);
  }
  if (parameters.empty()) return;
  at::_foreach_add_(steps, 1);
  const std::vector<at::Tensor> no_maxima;
  if (options_.decoupled) {
    at::_fused_adamw_(parameters, gradients, means, squares, no_maxima, steps, learning_rate, kMeanDecay, kSquareDecay,
                      options_.weight_decay, kEpsilon, /*amsgrad=*/false, /*maximize=*/false);
  } else {
    at::_fused_adam_(parameters, gradients, means, squares, no_maxima, steps, learning_rate, kMeanDecay, kSquareDecay,
                     options_.weight_decay, kEpsilon, /*amsgrad=*/false, /*maximize=*/false);
  }
}

NamedTensors FusedAdam::moments() const {
  at::NoGradGuard no_grad;
  NamedTensors all;
  for (size_t i = 0; i < parameters_.size(); ++i) {
    if (steps_[i].item<float>() == 0.0F) continue;
    all.push_back({names_[i] + "/step", kept(steps_[i])});
    all.push_back({names_[i] + "/exp_avg", kept(means_[i])});
    all.push_back({names_[i] + "/exp_avg_sq", kept(squares_[i])});
  }
  return all;
}

void FusedAdam::restore(const NamedTensors& moments) {
  at::NoGradGuard no_grad;
  std::unordered_map<std::string, at::Tensor> by_name;
  for (const NamedTensor& entry : moments) by_name.emplace(entry.name, entry.tensor);
  const auto take = [&](const std::string& name, at::Tensor& into) {
    const auto found = by_name.find(name);
    if (found == by_name.end()) {
      into.zero_();
    } else if (found->second.sizes() != into.sizes() || found->second.scalar_type() != into.scalar_type()) {
      throw Error(ErrorCode::ERR_CONFIG, "the tensor '" + name + "' of the state has another shape or type than this plan's");
    } else {
      into.copy_(found->second);
    }
  };
  for (size_t i = 0; i < parameters_.size(); ++i) {
    take(names_[i] + "/step", steps_[i]);
    take(names_[i] + "/exp_avg", means_[i]);
    take(names_[i] + "/exp_avg_sq", squares_[i]);
  }
}

}  // namespace drmguard
