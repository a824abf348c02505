// A program as TypeScript hands it over (torch.export lowered in lib/models), before its operators are looked up.
#pragma once

#include <ATen/core/Tensor.h>

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "program/tensor_program.h"

namespace drmguard {

struct ValueReference {
  std::string name;
};
/// Empty entries are None.
struct ValueReferences {
  std::vector<std::optional<std::string>> names;
};
/// Literal integers and names of computed sizes.
struct IntegerList {
  std::vector<std::variant<int64_t, std::string>> elements;
};
/// None, bool, int, float, string, lists and element types.
using SpecArgument = std::variant<c10::IValue, ValueReference, ValueReferences, IntegerList>;

struct NodeSpec {
  /// Qualified, with overload: "aten::add.Tensor"; "scalar::mul" for integer arithmetic.
  std::string operator_name;
  std::vector<std::pair<std::string, SpecArgument>> arguments;
  std::vector<std::vector<std::string>> outputs;
  /// The one returned value is a list, unpacked into outputs[0].
  bool returns_list = false;
};

struct ProgramSpec {
  std::vector<std::pair<std::string, at::Tensor>> constants;
  std::vector<std::string> inputs;
  std::vector<NodeSpec> nodes;
  std::vector<std::string> outputs;
};

/// Looks up every operator, checks it against the allow-list and its arguments against its schema.
/// Throws ERR_MODEL_UNSAFE, ERR_MODEL_UNSUPPORTED or ERR_MODEL_FORMAT.
TensorProgram lower_program_spec(const ProgramSpec& spec);

}  // namespace drmguard
