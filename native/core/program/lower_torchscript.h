// TorchScript archives (.pt from torch.jit.save) as programs.
#pragma once

#include <torch/csrc/jit/api/module.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "program/tensor_program.h"

namespace drmguard {

/// A TorchScript model after checking and freezing.
struct TorchScriptModel {
  /// Empty when the model has control flow that a straight line cannot hold; then `module` runs instead.
  std::optional<TensorProgram> program;
  /// The frozen module.
  torch::jit::Module module;
  /// Why there is no program.
  std::string reason;
  /// How often each operator occurs in the frozen model.
  std::map<std::string, int> operators;
};

/// Loads an archive from memory: screens it, checks every operator against the allow-list before anything is run,
/// freezes it (which folds batch norms) and lowers it.
TorchScriptModel lower_torchscript(const uint8_t* bytes, size_t size);

}  // namespace drmguard
