#include "mitigation/neurons.h"

#include <algorithm>
#include <set>
#include <string>

namespace drmguard {
namespace {

bool is_any(const std::string& name, std::initializer_list<const char*> names) {
  return std::any_of(names.begin(), names.end(), [&](const char* one) { return name == one; });
}

/// The first result of a call; kNoValue for calls without one, such as warnings.
ValueId first_result(const Node& node) {
  return node.results.empty() || node.results[0].empty() ? kNoValue : node.results[0][0];
}

/// Transposed, a convolution's weight has its input's channels first.
bool is_transposed(const Node& node) {
  constexpr size_t kTransposed = 6;
  if (node.name == "aten::conv2d" || node.arguments.size() <= kTransposed) return false;
  const Argument& argument = node.arguments[kTransposed];
  return argument.kind != Argument::Kind::literal || !argument.literal.isBool() || argument.literal.toBool();
}

/// The value of a call's argument; kNoValue for literals and lists.
ValueId value_argument(const Node& node, size_t index) {
  if (index >= node.arguments.size()) return kNoValue;
  const Argument& argument = node.arguments[index];
  return argument.kind == Argument::Kind::value ? argument.values[0] : kNoValue;
}

class NeuronSearch {
 public:
  NeuronSearch(const TensorProgram& program, const std::vector<ValueId>& parameters)
      : program_(program), parameters_(parameters.begin(), parameters.end()) {}

  std::vector<NeuronGroup> batch_norms() const {
    std::vector<NeuronGroup> groups;
    for (const Node& node : program_.nodes()) {
      if (is_any(node.name, {"aten::batch_norm", "aten::native_batch_norm", "aten::_native_batch_norm_legit_no_training"})) {
        add(groups, node, 1);
      }
    }
    return groups;
  }

  std::vector<NeuronGroup> layers() const {
    const std::set<ValueId> last = last_layers();
    std::vector<NeuronGroup> groups;
    for (const Node& node : program_.nodes()) {
      if (last.count(first_result(node)) != 0) continue;
      const bool convolution = is_any(node.name, {"aten::conv2d", "aten::convolution", "aten::_convolution"});
      if (convolution && !is_transposed(node)) add(groups, node, 1);
      if (node.name == "aten::linear") add(groups, node, -1);
    }
    return groups;
  }

 private:
  /// Both kinds of call have (input, weight, bias).
  void add(std::vector<NeuronGroup>& groups, const Node& node, int64_t axis) const {
    const ValueId weight = value_argument(node, 1);
    if (parameters_.count(weight) == 0) return;
    const ValueId bias = value_argument(node, 2);
    const at::Tensor& values = *program_.constant(weight);
    groups.push_back({first_result(node), axis, weight, parameters_.count(bias) == 0 ? kNoValue : bias, values.size(0)});
  }

  /// Results of the last layer before every output: without its channels there would be no output.
  std::set<ValueId> last_layers() const {
    std::set<ValueId> wanted(program_.outputs().begin(), program_.outputs().end());
    std::set<ValueId> found;
    const std::vector<Node>& nodes = program_.nodes();
    for (size_t i = nodes.size(); i-- > 0;) {
      const Node& node = nodes[i];
      const ValueId result = first_result(node);
      if (result == kNoValue || wanted.count(result) == 0) continue;
      if (parameters_.count(value_argument(node, 1)) != 0) {
        found.insert(result);
        continue;
      }
      for (const Argument& argument : node.arguments) wanted.insert(argument.values.begin(), argument.values.end());
    }
    return found;
  }

  const TensorProgram& program_;
  std::set<ValueId> parameters_;
};

}  // namespace

std::vector<NeuronGroup> find_neurons(const TensorProgram& program, const std::vector<ValueId>& parameters) {
  const NeuronSearch search(program, parameters);
  std::vector<NeuronGroup> groups = search.batch_norms();
  return groups.empty() ? search.layers() : groups;
}

at::Tensor along_weight(const at::Tensor& factors, const at::Tensor& weight) {
  std::vector<int64_t> shape(static_cast<size_t>(weight.dim()), 1);
  shape[0] = factors.numel();
  return factors.view(shape);
}

}  // namespace drmguard
