// A model whose weights may change: a program with its parameters, whatever file it came in.
#pragma once

#include <torch/csrc/jit/api/module.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "program/program_spec.h"
#include "program/tensor_program.h"

namespace drmguard {

struct TunableModel {
  TensorProgram program;
  /// float32 constants that may change. They may share their memory with the module: who trains takes copies.
  std::vector<ValueId> parameters;
  /// Their names in the state dict.
  std::vector<std::string> names;
  /// Of a TorchScript archive: what is saved again with new weights.
  std::optional<torch::jit::Module> module;
};

/// Throws what loading throws, and ERR_MODEL_UNSUPPORTED for control flow or a model without float32 parameters.
TunableModel tunable_torchscript(const uint8_t* bytes, size_t size);

/// parameters: name of the constant in the program → name in the state dict.
TunableModel tunable_program(const ProgramSpec& spec, const std::map<std::string, std::string>& parameters);

}  // namespace drmguard
