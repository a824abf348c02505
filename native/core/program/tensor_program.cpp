#include "program/tensor_program.h"

#include <ATen/core/List.h>
#include <ATen/ops/to_ops.h>

#include "error/error.h"

namespace drmguard {
namespace {

using Slots = std::vector<c10::IValue>;

c10::IValue materialise(const Argument& argument, const Slots& slots) {
  switch (argument.kind) {
    case Argument::Kind::literal:
      return argument.literal;
    case Argument::Kind::value:
      return slots[argument.values[0]];
    case Argument::Kind::tensor_list: {
      c10::List<at::Tensor> list;
      for (ValueId id : argument.values) list.push_back(slots[id].toTensor());
      return list;
    }
    case Argument::Kind::optional_tensor_list: {
      c10::List<std::optional<at::Tensor>> list;
      for (ValueId id : argument.values) {
        const bool present = id != kNoValue && !slots[id].isNone();
        list.push_back(present ? std::optional<at::Tensor>(slots[id].toTensor()) : std::nullopt);
      }
      return list;
    }
    case Argument::Kind::integer_list: {
      c10::List<int64_t> list;
      for (size_t i = 0; i < argument.values.size(); ++i) {
        const ValueId id = argument.values[i];
        list.push_back(id == kNoValue ? argument.integers[i] : slots[id].toInt());
      }
      return list;
    }
    case Argument::Kind::tuple: {
      std::vector<c10::IValue> elements;
      for (ValueId id : argument.values) elements.push_back(slots[id]);
      return c10::ivalue::Tuple::create(std::move(elements));
    }
  }
  return {};
}

void store_results(const Node& node, torch::jit::Stack& stack, Slots& slots) {
  if (node.unpacks_list) {
    const c10::IValue returned = stack.back();
    const std::vector<ValueId>& ids = node.results[0];
    const std::vector<c10::IValue> elements =
        returned.isTuple() ? returned.toTupleRef().elements().vec() : returned.toListRef().vec();
    if (elements.size() != ids.size()) {
      throw Error(ErrorCode::ERR_MODEL_UNSUPPORTED, node.name + " returned " + std::to_string(elements.size()) +
                                                        " tensors where the model expects " +
                                                        std::to_string(ids.size()));
    }
    for (size_t i = 0; i < ids.size(); ++i) slots[ids[i]] = elements[i];
    return;
  }
  for (size_t i = 0; i < node.results.size(); ++i) {
    for (ValueId id : node.results[i]) slots[id] = stack[stack.size() - node.results.size() + i];
  }
}

}  // namespace

ValueId TensorProgram::add_value(const std::string& name) {
  names_.push_back(name);
  return static_cast<ValueId>(names_.size()) - 1;
}

ValueId TensorProgram::add_constant(const std::string& name, at::Tensor value) {
  const ValueId id = add_value(name);
  constants_.emplace(id, std::move(value));
  return id;
}

ValueId TensorProgram::find_value(const std::string& name) const {
  for (size_t i = 0; i < names_.size(); ++i) {
    if (names_[i] == name) return static_cast<ValueId>(i);
  }
  return kNoValue;
}

const at::Tensor* TensorProgram::constant(ValueId id) const {
  const auto found = constants_.find(id);
  return found == constants_.end() ? nullptr : &found->second;
}

std::vector<bool> TensorProgram::nodes_needed(const std::vector<ValueId>& wanted, const Overrides& overrides) const {
  std::vector<bool> value_needed(names_.size(), false);
  for (ValueId id : wanted) value_needed[id] = overrides.count(id) == 0;
  std::vector<bool> needed(nodes_.size(), false);
  for (size_t i = nodes_.size(); i-- > 0;) {
    for (const auto& group : nodes_[i].results) {
      for (ValueId id : group) needed[i] = needed[i] || value_needed[id];
    }
    if (!needed[i]) continue;
    for (const Argument& argument : nodes_[i].arguments) {
      for (ValueId id : argument.values) {
        if (id != kNoValue && overrides.count(id) == 0) value_needed[id] = true;
      }
    }
  }
  return needed;
}

std::vector<at::Tensor> TensorProgram::run(const at::Tensor& input, const std::vector<ValueId>& wanted,
                                           const Overrides& overrides) const {
  const std::vector<bool> needed = nodes_needed(wanted, overrides);
  // A value's slot is emptied after its last use, so that memory follows the computation.
  std::vector<int> last_use(names_.size(), -1);
  for (size_t i = 0; i < nodes_.size(); ++i) {
    if (!needed[i]) continue;
    for (const Argument& argument : nodes_[i].arguments) {
      for (ValueId id : argument.values) {
        if (id != kNoValue) last_use[id] = static_cast<int>(i);
      }
    }
  }
  for (ValueId id : wanted) last_use[id] = static_cast<int>(nodes_.size());

  Slots slots(names_.size());
  for (const auto& [id, tensor] : constants_) slots[id] = tensor;
  slots[input_] = input;
  for (const auto& [id, tensor] : overrides) slots[id] = tensor;

  torch::jit::Stack stack;
  for (size_t i = 0; i < nodes_.size(); ++i) {
    if (!needed[i]) continue;
    const Node& node = nodes_[i];
    stack.clear();
    for (const Argument& argument : node.arguments) stack.push_back(materialise(argument, slots));
    node.call(stack);
    store_results(node, stack, slots);
    for (const auto& [id, tensor] : overrides) slots[id] = tensor;
    for (const Argument& argument : node.arguments) {
      for (ValueId id : argument.values) {
        if (id != kNoValue && last_use[id] == static_cast<int>(i)) slots[id] = c10::IValue();
      }
    }
  }

  std::vector<at::Tensor> results;
  for (ValueId id : wanted) {
    if (!slots[id].isTensor()) {
      throw Error(ErrorCode::ERR_MODEL_NOT_REGRESSION,
                  "expected a tensor as output '" + names_[id] + "', got " + slots[id].tagKind());
    }
    results.push_back(slots[id].toTensor());
  }
  return results;
}

TensorProgram TensorProgram::to(const at::Device& device) const {
  TensorProgram copy = *this;
  for (auto& [id, tensor] : copy.constants_) tensor = tensor.to(device);
  // Creation operators name their device as a literal; exported on a CPU it must follow the program.
  for (Node& node : copy.nodes_) {
    for (Argument& argument : node.arguments) {
      if (argument.literal.isDevice()) argument.literal = device;
    }
  }
  return copy;
}

TensorProgram TensorProgram::with_constants(const std::unordered_map<ValueId, at::Tensor>& values) const {
  TensorProgram copy = *this;
  for (const auto& [id, tensor] : values) copy.constants_.at(id) = tensor;
  return copy;
}

}  // namespace drmguard
