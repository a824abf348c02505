// Neurons: the channels that a layer computes, and the weights that switch one of them off.
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "program/tensor_program.h"

namespace drmguard {

/// The channels of one layer.
struct NeuronGroup {
  /// What the layer computes: N×channels×H×W or N×…×channels.
  ValueId output = kNoValue;
  /// Axis of the channels in the output.
  int64_t axis = 1;
  /// Parameter whose first axis is the channels.
  ValueId weight = kNoValue;
  /// kNoValue without one.
  ValueId bias = kNoValue;
  int64_t channels = 0;
};

/// The batch norms of a program, in its order, as adversarial neuron pruning has it (Wu & Wang 2021); where there is
/// none, its convolutions and linear layers but for those that the outputs come from. Only layers whose weight is among
/// the parameters.
std::vector<NeuronGroup> find_neurons(const TensorProgram& program, const std::vector<ValueId>& parameters);

/// One factor per channel in the shape that multiplies a weight or bias of the group.
at::Tensor along_weight(const at::Tensor& factors, const at::Tensor& weight);

}  // namespace drmguard
