// A frozen TorchScript graph as a program.
#pragma once

#include <torch/csrc/jit/api/module.h>
#include <torch/csrc/jit/ir/ir.h>

#include <string>

#include "program/tensor_program.h"

namespace drmguard {

/// Thrown when a graph is no straight line.
struct NotStraight {
  std::string reason;
};

/// The module's attributes that the graph still reads become constants with their path ("layer1.0.conv1.weight") as
/// name. Throws NotStraight, and ERR_MODEL_UNSUPPORTED for a model with other inputs than one image batch.
TensorProgram lower_graph(const torch::jit::Module& module, const torch::jit::Graph& graph);

}  // namespace drmguard
