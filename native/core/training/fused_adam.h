// Adam and AdamW (Kingma & Ba 2015; Loshchilov & Hutter 2019) with LibTorch's fused kernel: one call for all parameters,
// where torch::optim makes a dozen for each. On a GPU those would be most of a small model's training.
#pragma once

#include <string>
#include <vector>

#include "tensor/named_tensor.h"

namespace drmguard {

struct FusedAdamOptions {
  double learning_rate = 1e-3;
  double weight_decay = 0.0;
  /// AdamW: the decay shrinks the weights beside the step. Otherwise it is part of the gradient.
  bool decoupled = false;
};

class FusedAdam {
 public:
  /// float32 leaves on one device, each with a name for its moments.
  FusedAdam(std::vector<std::string> names, std::vector<at::Tensor> parameters, FusedAdamOptions options);

  void zero_grad();
  /// Parameters without a gradient are left as they are, their moments too.
  void step(double learning_rate);

  double learning_rate() const { return options_.learning_rate; }
  /// Of every parameter that has had a step: NAME/step, NAME/exp_avg and NAME/exp_avg_sq, as torch names them.
  NamedTensors moments() const;
  /// What moments() gave; absent ones stay zero. Throws ERR_CONFIG when one has another shape.
  void restore(const NamedTensors& moments);

 private:
  std::vector<std::string> names_;
  std::vector<at::Tensor> parameters_;
  FusedAdamOptions options_;
  std::vector<at::Tensor> steps_;
  std::vector<at::Tensor> means_;
  std::vector<at::Tensor> squares_;
};

}  // namespace drmguard
