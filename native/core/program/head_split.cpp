#include "program/head_split.h"

#include <algorithm>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

namespace drmguard {
namespace {

bool one_of(const std::string& name, std::initializer_list<std::string_view> names) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

/// Operators that hand their first argument on unchanged, reshaped, or (dropout) unchanged in inference.
bool passes_through(const std::string& name) {
  return one_of(name, {"aten::view", "aten::reshape", "aten::flatten", "aten::squeeze", "aten::unsqueeze",
                       "aten::contiguous", "aten::clone", "aten::detach", "aten::alias", "aten::to", "aten::_to_copy",
                       "aten::dropout", "aten::float", "aten::lift_fresh_copy", "aten::_unsafe_view"});
}

bool scales_or_shifts(const std::string& name) {
  return one_of(name, {"aten::mul", "aten::div", "aten::add", "aten::sub", "aten::mul_", "aten::div_", "aten::add_",
                       "aten::sub_", "aten::rsub", "aten::neg"});
}

bool concatenates(const std::string& name) {
  return one_of(name, {"aten::cat", "aten::concat", "aten::concatenate", "aten::stack", "aten::hstack"});
}

class HeadWalk {
 public:
  explicit HeadWalk(const TensorProgram& program) : program_(program) { mark_constants(); }

  HeadSearch search() {
    // A stack of our own and each value once: the chain's length and branching are the model's to choose.
    open_.assign(program_.outputs().rbegin(), program_.outputs().rend());
    while (!open_.empty()) {
      const ValueId value = open_.back();
      open_.pop_back();
      if (visited_.insert(value).second && !step(value)) return {std::nullopt, reason_};
    }
    return {split_, ""};
  }

 private:
  /// Constants, and what is computed from constants alone (a transposed weight, say).
  void mark_constants() {
    for (const auto& [id, tensor] : program_.constants()) constant_.insert(id);
    for (const Node& node : program_.nodes()) {
      for (const auto& group : node.results) {
        for (ValueId id : group) producers_.emplace(id, &node);
      }
      bool constant = true;
      for (const Argument& argument : node.arguments) {
        for (ValueId id : argument.values) constant = constant && (id == kNoValue || constant_.count(id) != 0);
      }
      if (!constant) continue;
      for (const auto& group : node.results) constant_.insert(group.begin(), group.end());
    }
  }

  bool is_constant(const Argument& argument) const {
    return argument.kind == Argument::Kind::literal ||
           (argument.kind == Argument::Kind::value && constant_.count(argument.values[0]) != 0);
  }

  static ValueId value_of(const Argument& argument) {
    return argument.kind == Argument::Kind::value ? argument.values[0] : kNoValue;
  }

  bool found(ValueId features, const std::string& form) {
    if (std::find(split_.features.begin(), split_.features.end(), features) == split_.features.end()) {
      split_.features.push_back(features);
    }
    if (split_.form.empty()) split_.form = form;
    return true;
  }

  bool stop(const std::string& why) {
    reason_ = why;
    return false;
  }

  const Node* producer(ValueId value) const {
    const auto found = producers_.find(value);
    return found == producers_.end() ? nullptr : found->second;
  }

  bool go_on(ValueId value) {
    open_.push_back(value);
    return true;
  }

  bool step(ValueId value) {
    const Node* node = producer(value);
    if (node == nullptr) return stop("the output is not computed from the image by any layer");
    if (concatenates(node->name)) {
      const std::vector<ValueId>& parts = node->arguments[0].values;
      open_.insert(open_.end(), parts.rbegin(), parts.rend());
      return true;
    }
    if (passes_through(node->name)) return go_on(value_of(node->arguments[0]));
    if (scales_or_shifts(node->name)) return step_over_scaling(*node);
    return at_layer(*node);
  }

  bool step_over_scaling(const Node& node) {
    const Argument& first = node.arguments[0];
    const bool second_constant = node.arguments.size() < 2 || is_constant(node.arguments[1]);
    const bool division = node.name == "aten::div" || node.name == "aten::div_";
    if (second_constant && !is_constant(first)) {
      return bias_of_matmul(node, value_of(first)) || go_on(value_of(first));
    }
    if (is_constant(first) && !second_constant && !division) {
      return bias_of_matmul(node, value_of(node.arguments[1])) || go_on(value_of(node.arguments[1]));
    }
    return stop("the output is a " + node.name + " of two computed values, not of one linear layer");
  }

  /// A bias added behind a plain matrix product makes one layer.
  bool bias_of_matmul(const Node& node, ValueId value) {
    if (node.name != "aten::add" && node.name != "aten::add_") return false;
    const Node* product = producer(value);
    if (product == nullptr || !one_of(product->name, {"aten::matmul", "aten::mm"})) return false;
    return is_constant(product->arguments[1]) && found(value_of(product->arguments[0]), "matmul+add");
  }

  bool at_layer(const Node& node) {
    const auto& arguments = node.arguments;
    if (node.name == "aten::linear" && is_constant(arguments[1])) return found(value_of(arguments[0]), "linear");
    if (node.name == "aten::addmm" && is_constant(arguments[0]) && is_constant(arguments[2])) {
      return found(value_of(arguments[1]), "addmm");
    }
    if (one_of(node.name, {"aten::matmul", "aten::mm"}) && is_constant(arguments[1])) {
      return found(value_of(arguments[0]), "matmul");
    }
    if (one_of(node.name, {"aten::_convolution", "aten::conv2d", "aten::convolution"}) && is_constant(arguments[1])) {
      return found(value_of(arguments[0]), "convolution");
    }
    return stop("the output comes out of " + node.name + ", not out of a linear layer");
  }

  const TensorProgram& program_;
  std::unordered_map<ValueId, const Node*> producers_;
  std::unordered_set<ValueId> constant_;
  std::vector<ValueId> open_;
  std::unordered_set<ValueId> visited_;
  HeadSplit split_;
  std::string reason_;
};

}  // namespace

HeadSearch find_head(const TensorProgram& program) { return HeadWalk(program).search(); }

}  // namespace drmguard
