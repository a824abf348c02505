// What a model's layers made of images before it was changed: a lesson for the model that it becomes.
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "program/tensor_program.h"
#include "training/training_plan.h"

namespace drmguard {

/// |difference| or its square, averaged over everything.
at::Tensor mean_distance(const at::Tensor& difference, TrainingLoss loss);

class LayerTeacher {
 public:
  /// inputs: a sample of what the program reads; layers are measured in their mean deviation over it.
  LayerTeacher(TensorProgram program, std::vector<ValueId> layers, const at::Tensor& inputs);

  const std::vector<ValueId>& layers() const { return layers_; }

  /// How far another program's layers are from what the teacher's make of inputs, in deviations, mean over the layers.
  at::Tensor distance(const std::vector<at::Tensor>& values, const at::Tensor& inputs, TrainingLoss loss) const;

 private:
  std::vector<at::Tensor> values_of(const at::Tensor& inputs) const;

  TensorProgram program_;
  std::vector<ValueId> layers_;
  std::vector<at::Tensor> deviations_;
};

}  // namespace drmguard
