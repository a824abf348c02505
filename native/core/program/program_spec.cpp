#include "program/program_spec.h"

#include <ATen/core/dispatch/Dispatcher.h>
#include <torch/csrc/jit/runtime/operator.h>

#include <unordered_map>

#include "error/error.h"
#include "program/allowed_operators.h"

namespace drmguard {
namespace {

/// An operator with its schema, from the dispatcher or, for arithmetic on sizes, from TorchScript's registry.
struct ResolvedOperator {
  const c10::FunctionSchema* schema;
  std::function<void(torch::jit::Stack&)> call;
};

ResolvedOperator resolve_scalar(const std::string& name) {
  const auto symbol = c10::Symbol::fromQualString("aten::" + name.substr(std::string("scalar::").size()));
  for (const auto& candidate : torch::jit::getAllOperatorsFor(symbol)) {
    const auto& arguments = candidate->schema().arguments();
    bool integers = arguments.size() == 2;
    for (const auto& argument : arguments) integers = integers && argument.type()->kind() == c10::TypeKind::IntType;
    if (integers) return {&candidate->schema(), candidate->getOperation()};
  }
  throw Error(ErrorCode::ERR_MODEL_UNSUPPORTED, "there is no integer arithmetic called " + name);
}

ResolvedOperator resolve(const std::string& full_name) {
  const size_t dot = full_name.find('.', full_name.find("::") + 2);
  const std::string name = full_name.substr(0, dot);
  const std::string overload = dot == std::string::npos ? "" : full_name.substr(dot + 1);
  require_allowed(name);
  if (name.rfind("scalar::", 0) == 0) return resolve_scalar(name);
  const auto handle = c10::Dispatcher::singleton().findSchema({name, overload});
  if (!handle) {
    throw Error(ErrorCode::ERR_MODEL_UNSUPPORTED, "this LibTorch has no operator " + full_name);
  }
  return {&handle->schema(), [handle = *handle](torch::jit::Stack& stack) { handle.callBoxed(stack); }};
}

class SpecLowering {
 public:
  TensorProgram lower(const ProgramSpec& spec) {
    for (const auto& [name, tensor] : spec.constants) define(name, program_.add_constant(name, tensor));
    if (spec.inputs.size() != 1) {
      throw Error(ErrorCode::ERR_MODEL_UNSUPPORTED, "expected a program with one input, this one has " +
                                                        std::to_string(spec.inputs.size()));
    }
    const ValueId input = program_.add_value(spec.inputs[0]);
    define(spec.inputs[0], input);
    program_.set_input(input);
    for (const NodeSpec& node : spec.nodes) lower_node(node);
    std::vector<ValueId> outputs;
    for (const std::string& name : spec.outputs) outputs.push_back(known(name));
    program_.set_outputs(std::move(outputs));
    return std::move(program_);
  }

 private:
  void define(const std::string& name, ValueId id) {
    if (!ids_.emplace(name, id).second) {
      throw Error(ErrorCode::ERR_MODEL_FORMAT, "the program defines the value '" + name + "' twice");
    }
  }

  ValueId known(const std::string& name) const {
    const auto found = ids_.find(name);
    if (found == ids_.end()) {
      throw Error(ErrorCode::ERR_MODEL_FORMAT, "the program uses the value '" + name + "' before it is computed");
    }
    return found->second;
  }

  void lower_node(const NodeSpec& spec) {
    const ResolvedOperator resolved = resolve(spec.operator_name);
    Node node;
    node.name = spec.operator_name.substr(0, spec.operator_name.find('.', spec.operator_name.find("::") + 2));
    node.call = resolved.call;
    node.unpacks_list = spec.returns_list;
    size_t used = 0;
    for (const auto& parameter : resolved.schema->arguments()) node.arguments.push_back(bind(spec, parameter, used));
    if (used != spec.arguments.size()) {
      throw Error(ErrorCode::ERR_MODEL_FORMAT, spec.operator_name + " was given an argument that it does not have");
    }
    for (const auto& group : spec.outputs) {
      node.results.emplace_back();
      for (const std::string& name : group) {
        const ValueId id = program_.add_value(name);
        define(name, id);
        node.results.back().push_back(id);
      }
    }
    const size_t returns = resolved.schema->returns().size();
    if (node.results.size() != returns) {
      throw Error(ErrorCode::ERR_MODEL_FORMAT, spec.operator_name + " returns " + std::to_string(returns) +
                                                   " values, the program names " +
                                                   std::to_string(node.results.size()));
    }
    program_.add_node(std::move(node));
  }

  Argument bind(const NodeSpec& spec, const c10::Argument& parameter, size_t& used) const {
    for (const auto& [name, argument] : spec.arguments) {
      if (name != parameter.name()) continue;
      ++used;
      return convert(argument, parameter, spec.operator_name);
    }
    if (!parameter.default_value()) {
      throw Error(ErrorCode::ERR_MODEL_FORMAT,
                  spec.operator_name + " needs the argument '" + parameter.name() + "', the program gives none");
    }
    Argument fallback;
    fallback.literal = *parameter.default_value();
    return fallback;
  }

  Argument convert(const SpecArgument& given, const c10::Argument& parameter, const std::string& name) const {
    Argument argument;
    if (const auto* literal = std::get_if<c10::IValue>(&given)) {
      argument.literal = adapt(*literal, parameter, name);
    } else if (const auto* reference = std::get_if<ValueReference>(&given)) {
      argument.kind = Argument::Kind::value;
      argument.values = {known(reference->name)};
    } else if (const auto* references = std::get_if<ValueReferences>(&given)) {
      const bool optional = parameter.type()->str().find("Optional") != std::string::npos ||
                            parameter.type()->str().find('?') != std::string::npos;
      argument.kind = optional ? Argument::Kind::optional_tensor_list : Argument::Kind::tensor_list;
      for (const auto& element : references->names) {
        argument.values.push_back(element ? known(*element) : kNoValue);
      }
    } else {
      argument.kind = Argument::Kind::integer_list;
      for (const auto& element : std::get<IntegerList>(given).elements) {
        const auto* computed = std::get_if<std::string>(&element);
        argument.values.push_back(computed ? known(*computed) : kNoValue);
        argument.integers.push_back(computed ? 0 : std::get<int64_t>(element));
      }
    }
    return argument;
  }

  /// Numbers arrive as they were written; the schema says which kind the operator takes.
  static c10::IValue adapt(const c10::IValue& literal, const c10::Argument& parameter, const std::string& name) {
    const c10::TypePtr type = parameter.type();
    const bool wants_float = type->kind() == c10::TypeKind::FloatType ||
                             (type->kind() == c10::TypeKind::OptionalType &&
                              type->expectRef<c10::OptionalType>().getElementType()->kind() == c10::TypeKind::FloatType);
    if (wants_float && literal.isInt()) return c10::IValue(static_cast<double>(literal.toInt()));
    if (!literal.isNone() || type->kind() == c10::TypeKind::OptionalType || type->kind() == c10::TypeKind::NoneType) {
      return literal;
    }
    throw Error(ErrorCode::ERR_MODEL_FORMAT, name + " got None for '" + parameter.name() + "'");
  }

  TensorProgram program_;
  std::unordered_map<std::string, ValueId> ids_;
};

}  // namespace

TensorProgram lower_program_spec(const ProgramSpec& spec) { return SpecLowering().lower(spec); }

}  // namespace drmguard
