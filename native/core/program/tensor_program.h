// TensorProgram: the one form that every model format is lowered to. A straight line of operator calls over named
// values, run through LibTorch's own operators, so that autograd works for all of them without code of ours.
#pragma once

#include <ATen/core/Tensor.h>
#include <ATen/core/ivalue.h>
#include <ATen/core/stack.h>

#include <functional>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

namespace drmguard {

/// Index of a value (constant, input or result) in a program.
using ValueId = int;
constexpr ValueId kNoValue = -1;

/// One argument of a call: a literal, a value, or a list whose entries are values or literals.
struct Argument {
  enum class Kind { literal, value, tensor_list, optional_tensor_list, integer_list, tuple };
  Kind kind = Kind::literal;
  c10::IValue literal;
  /// For `value` one entry; for lists one per element, kNoValue where the element is a literal (or None).
  std::vector<ValueId> values;
  /// Literal elements of an integer list, aligned with `values`.
  std::vector<int64_t> integers;
};

/// A call of one operator.
struct Node {
  /// "aten::conv2d", without the overload.
  std::string name;
  std::function<void(torch::jit::Stack&)> call;
  std::vector<Argument> arguments;
  /// One entry per return value; several ids where a returned list is unpacked.
  std::vector<std::vector<ValueId>> results;
  bool unpacks_list = false;
};

/// Values to put in place of computed ones; everything that only they need is not computed.
using Overrides = std::unordered_map<ValueId, at::Tensor>;

class TensorProgram {
 public:
  ValueId add_constant(const std::string& name, at::Tensor value);
  ValueId add_value(const std::string& name);
  void set_input(ValueId id) { input_ = id; }
  void set_outputs(std::vector<ValueId> ids) { outputs_ = std::move(ids); }
  void add_node(Node node) { nodes_.push_back(std::move(node)); }

  /// Runs the program and returns the tensors of `wanted`, in order. Only nodes that they need are run.
  /// Not thread-safe against changes; concurrent runs are fine.
  std::vector<at::Tensor> run(const at::Tensor& input, const std::vector<ValueId>& wanted,
                              const Overrides& overrides = {}) const;

  const std::vector<Node>& nodes() const { return nodes_; }
  Node& node(size_t index) { return nodes_.at(index); }
  const std::vector<ValueId>& outputs() const { return outputs_; }
  ValueId input() const { return input_; }
  const std::string& value_name(ValueId id) const { return names_.at(id); }
  /// kNoValue when there is no value of that name.
  ValueId find_value(const std::string& name) const;
  const at::Tensor* constant(ValueId id) const;
  const std::map<ValueId, at::Tensor>& constants() const { return constants_; }

  /// A copy whose constants lie on another device.
  TensorProgram to(const at::Device& device) const;
  /// A copy with other values for some of its constants.
  TensorProgram with_constants(const std::unordered_map<ValueId, at::Tensor>& values) const;

 private:
  std::vector<bool> nodes_needed(const std::vector<ValueId>& wanted, const Overrides& overrides) const;

  std::vector<std::string> names_;
  std::map<ValueId, at::Tensor> constants_;
  std::vector<Node> nodes_;
  std::vector<ValueId> outputs_;
  ValueId input_ = kNoValue;
};

}  // namespace drmguard
