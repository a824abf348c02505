#include "program/graph_lowering.h"

#include <unordered_map>

#include "error/error.h"

namespace drmguard {
namespace {

using torch::jit::Block;
using torch::jit::Module;
using TorchNode = torch::jit::Node;
using TorchValue = torch::jit::Value;

/// A branch that can only raise: torch.nn.functional guards its arguments so. LibTorch's operators check theirs again.
bool only_asserts(const TorchNode& node) {
  if (node.kind() != c10::prim::If || !node.outputs().empty()) return false;
  for (const Block* block : node.blocks()) {
    for (const TorchNode* inner : block->nodes()) {
      const bool harmless = inner->kind() == c10::prim::RaiseException || inner->kind() == c10::prim::Constant ||
                            inner->kind() == c10::aten::format || only_asserts(*inner);
      if (!harmless) return false;
    }
  }
  return true;
}

/// Walks a frozen graph and writes it as a program.
class GraphLowering {
 public:
  /// The module's attributes that the graph still reads become constants with their path as name.
  explicit GraphLowering(const Module& module) : module_(module) {}

  TensorProgram lower(const torch::jit::Graph& graph) {
    add_inputs(graph);
    for (const TorchNode* node : graph.nodes()) lower_node(*node);
    program_.set_outputs(outputs_of(graph));
    return std::move(program_);
  }

 private:
  void add_inputs(const torch::jit::Graph& graph) {
    std::vector<const TorchValue*> inputs;
    for (const TorchValue* value : graph.inputs()) {
      const bool self = value->type()->kind() == c10::TypeKind::ClassType;
      if (self) {
        objects_.emplace(value, Attribute{"", module_._ivalue()});
      } else {
        inputs.push_back(value);
      }
    }
    if (inputs.size() != 1) {
      throw Error(ErrorCode::ERR_MODEL_UNSUPPORTED,
                  "expected forward to take one image batch, it takes " + std::to_string(inputs.size()) + " inputs");
    }
    program_.set_input(value_id(inputs[0]));
  }

  ValueId value_id(const TorchValue* value) {
    const auto found = ids_.find(value);
    if (found != ids_.end()) return found->second;
    const ValueId id = program_.add_value(value->debugName());
    ids_.emplace(value, id);
    return id;
  }

  void lower_node(const TorchNode& node) {
    if (only_asserts(node)) return;
    if (!node.blocks().empty()) {
      throw NotStraight{std::string("the model has control flow (") + node.kind().toQualString() + ")"};
    }
    switch (node.kind()) {
      case c10::prim::Constant:
        return lower_constant(node);
      case c10::prim::GetAttr:
        return lower_attribute(node);
      case c10::prim::ListConstruct:
      case c10::prim::TupleConstruct:
        sequences_.emplace(node.output(), &node);
        return;
      case c10::prim::ListUnpack:
      case c10::prim::TupleUnpack:
        return lower_unpack(node);
      default:
        return lower_call(node);
    }
  }

  void lower_constant(const TorchNode& node) {
    const c10::IValue literal = torch::jit::toIValue(node.output()).value();
    if (literal.isTensor()) {
      ids_.emplace(node.output(), program_.add_constant(node.output()->debugName(), literal.toTensor().detach()));
    } else {
      literals_.emplace(node.output(), literal);
    }
  }

  void lower_attribute(const TorchNode& node) {
    const auto owner = objects_.find(node.input());
    if (owner == objects_.end()) throw NotStraight{"the model reads attributes of something else than its modules"};
    const std::string& name = node.s(c10::attr::name);
    const std::string path = owner->second.path.empty() ? name : owner->second.path + "." + name;
    const c10::IValue value = owner->second.value.toObjectRef().getAttr(name);
    if (value.isObject()) {
      objects_.emplace(node.output(), Attribute{path, value});
    } else if (value.isTensor()) {
      // Read twice, or tied to another name, it is still one constant: trained apart, only one of them could be saved.
      const auto [known, added] = attributes_.try_emplace(value.toTensor().unsafeGetTensorImpl(), kNoValue);
      if (added) known->second = program_.add_constant(path, value.toTensor().detach());
      ids_.emplace(node.output(), known->second);
    } else {
      literals_.emplace(node.output(), value);
    }
  }

  void lower_unpack(const TorchNode& node) {
    const auto sequence = sequences_.find(node.input());
    if (sequence != sequences_.end()) {
      for (size_t i = 0; i < node.outputs().size(); ++i) ids_[node.output(i)] = value_id(sequence->second->input(i));
      return;
    }
    Node call;
    call.name = node.kind().toQualString();
    call.call = [](torch::jit::Stack&) {};
    call.arguments.push_back(argument_of(node.input()));
    call.unpacks_list = true;
    call.results.emplace_back();
    for (const TorchValue* output : node.outputs()) call.results[0].push_back(value_id(output));
    program_.add_node(std::move(call));
  }

  void lower_call(const TorchNode& node) {
    if (node.maybeOperator() == nullptr) {
      throw NotStraight{std::string("the model uses ") + node.kind().toQualString()};
    }
    if (node.getOperator().schema().is_mutable()) {
      // A program runs only what its outputs need, and cannot see a need that goes through a changed input.
      throw NotStraight{std::string("the model changes tensors in place (") + node.kind().toQualString() + ")"};
    }
    Node call;
    call.name = node.kind().toQualString();
    call.call = node.getOperation();
    for (const TorchValue* input : node.inputs()) call.arguments.push_back(argument_of(input));
    for (const TorchValue* output : node.outputs()) call.results.push_back({value_id(output)});
    program_.add_node(std::move(call));
  }

  Argument argument_of(const TorchValue* value) {
    Argument argument;
    const auto literal = literals_.find(value);
    if (literal != literals_.end()) {
      argument.literal = literal->second;
      return argument;
    }
    const auto sequence = sequences_.find(value);
    if (sequence != sequences_.end()) return sequence_argument(*sequence->second);
    argument.kind = Argument::Kind::value;
    argument.values = {value_id(value)};
    return argument;
  }

  Argument sequence_argument(const TorchNode& node) {
    Argument argument;
    if (node.kind() == c10::prim::TupleConstruct) {
      argument.kind = Argument::Kind::tuple;
      for (const TorchValue* element : node.inputs()) argument.values.push_back(value_id(element));
      return argument;
    }
    const c10::TypePtr element_type = node.output()->type()->expectRef<c10::ListType>().getElementType();
    if (element_type->isSubtypeOf(*c10::TensorType::get())) {
      argument.kind = Argument::Kind::tensor_list;
    } else if (element_type->kind() == c10::TypeKind::OptionalType) {
      argument.kind = Argument::Kind::optional_tensor_list;
    } else if (element_type->kind() == c10::TypeKind::IntType) {
      argument.kind = Argument::Kind::integer_list;
    } else {
      throw NotStraight{"the model builds a list of " + element_type->str()};
    }
    for (const TorchValue* element : node.inputs()) add_element(argument, element);
    return argument;
  }

  void add_element(Argument& argument, const TorchValue* element) {
    const auto literal = literals_.find(element);
    if (literal == literals_.end()) {
      argument.values.push_back(value_id(element));
      argument.integers.push_back(0);
      return;
    }
    const bool integer = literal->second.isInt();
    if (!integer && !literal->second.isNone()) throw NotStraight{"the model builds a list with an unknown literal"};
    argument.values.push_back(kNoValue);
    argument.integers.push_back(integer ? literal->second.toInt() : 0);
  }

  std::vector<ValueId> outputs_of(const torch::jit::Graph& graph) {
    std::vector<ValueId> ids;
    for (const TorchValue* output : graph.outputs()) {
      const auto sequence = sequences_.find(output);
      if (sequence == sequences_.end()) {
        ids.push_back(value_id(output));
      } else {
        for (const TorchValue* element : sequence->second->inputs()) ids.push_back(value_id(element));
      }
    }
    return ids;
  }

  /// A module and its place in the model, "layer1.0".
  struct Attribute {
    std::string path;
    c10::IValue value;
  };

  const Module& module_;
  TensorProgram program_;
  std::unordered_map<const TorchValue*, Attribute> objects_;
  std::unordered_map<const c10::TensorImpl*, ValueId> attributes_;
  std::unordered_map<const TorchValue*, ValueId> ids_;
  std::unordered_map<const TorchValue*, c10::IValue> literals_;
  std::unordered_map<const TorchValue*, const TorchNode*> sequences_;
};

}  // namespace

TensorProgram lower_graph(const Module& module, const torch::jit::Graph& graph) { return GraphLowering(module).lower(graph); }

}  // namespace drmguard
