// TorchScript archives as programs whose weights can be trained.
#pragma once

#include <torch/csrc/jit/api/module.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "program/tensor_program.h"

namespace drmguard {

struct TrainableTorchScript {
  /// Empty when the model has control flow that a straight line cannot hold. Parameters are constants with the names
  /// of the state dict.
  std::optional<TensorProgram> program;
  /// Why there is no program.
  std::string reason;
  /// As loaded, in evaluation mode; saved, it is the file again.
  torch::jit::Module module;
};

/// As lower_torchscript, but batch norms stay as they are.
TrainableTorchScript lower_trainable_torchscript(const uint8_t* bytes, size_t size);

}  // namespace drmguard
