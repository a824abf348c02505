#include <torch/csrc/jit/api/module.h>
#include <torch/csrc/jit/ir/ir.h>

#include <map>
#include <memory>
#include <sstream>
#include <unordered_map>
#include <unordered_set>

#include "architecture/architecture.h"
#include "error/error.h"

namespace drmguard {
namespace {

using torch::jit::Graph;
using torch::jit::Module;
using TorchNode = torch::jit::Node;
using TorchValue = torch::jit::Value;

/// "layer1.0.conv1.weight" → {"layer1.0.conv1", "weight"}.
std::pair<std::string, std::string> split_at_last_dot(const std::string& path) {
  const size_t dot = path.rfind('.');
  if (dot == std::string::npos) return {"", path};
  return {path.substr(0, dot), path.substr(dot + 1)};
}

/// The modules that a state dict's names speak of, one TorchScript class for each.
class ModuleTree {
 public:
  ModuleTree() : unit_(std::make_shared<torch::jit::CompilationUnit>()) { at(""); }

  Module root() const { return modules_.at(""); }

  void add_tensor(const std::string& path, const at::Tensor& tensor, bool is_buffer) {
    const auto [parent, name] = split_at_last_dot(path);
    at(parent).register_parameter(name, tensor.detach().to(at::kCPU).clone(at::MemoryFormat::Contiguous), is_buffer);
  }

  /// forward of the root.
  void add_forward(std::shared_ptr<Graph> graph) {
    const auto type = root().type();
    type->addMethod(unit_->create_function(c10::QualifiedName(*type->name(), "forward"), std::move(graph)));
  }

 private:
  Module& at(const std::string& path) {
    const auto found = modules_.find(path);
    if (found != modules_.end()) return found->second;
    Module module(unit_, make_class(path));
    // torch.jit.load gives every module a mode, and freezing asks for it.
    module.register_attribute("training", c10::BoolType::get(), false);
    if (!path.empty()) {
      const auto [parent, name] = split_at_last_dot(path);
      at(parent).register_module(name, module);
    }
    return modules_.emplace(path, std::move(module)).first->second;
  }

  c10::ClassTypePtr make_class(const std::string& path) {
    std::string name = "Network";
    // A class name is an identifier, which the name of a list's element ("0") is not.
    if (!path.empty()) name += "_" + path;
    for (char& letter : name) letter = letter == '.' ? '_' : letter;
    auto type = c10::ClassType::create(c10::QualifiedName("__torch__." + name), unit_, /*is_module=*/true);
    unit_->register_type(type);
    return type;
  }

  std::shared_ptr<torch::jit::CompilationUnit> unit_;
  std::map<std::string, Module> modules_;
};

/// Writes a program as the graph of a forward method whose constants are attributes of the module.
class GraphWriter {
 public:
  GraphWriter(const TensorProgram& program, const c10::TypePtr& module_type)
      : program_(program), graph_(std::make_shared<Graph>()) {
    self_ = graph_->addInput("self")->setType(module_type);
    values_[program.input()] = graph_->addInput("image");
  }

  std::shared_ptr<Graph> write() {
    for (const Node& node : program_.nodes()) write_call(node);
    graph_->registerOutput(values_.at(program_.outputs().at(0)));
    return graph_;
  }

 private:
  void write_call(const Node& node) {
    std::vector<TorchValue*> inputs;
    for (const Argument& argument : node.arguments) inputs.push_back(write_argument(argument, node.name));
    TorchNode* call = graph_->create(c10::Symbol::fromQualString(node.name), inputs, node.results.size());
    graph_->insertNode(call);
    if (call->maybeSchema() == nullptr || node.unpacks_list) throw not_writable(node.name);
    for (size_t i = 0; i < node.results.size(); ++i) values_[node.results[i].at(0)] = call->output(i);
  }

  TorchValue* write_argument(const Argument& argument, const std::string& operator_name) {
    switch (argument.kind) {
      case Argument::Kind::literal:
        return graph_->insertConstant(argument.literal);
      case Argument::Kind::value:
        return value_of(argument.values[0]);
      default:
        throw not_writable(operator_name);
    }
  }

  TorchValue* value_of(ValueId id) {
    const auto known = values_.find(id);
    if (known != values_.end()) return known->second;
    std::istringstream path(program_.value_name(id));
    TorchValue* value = self_;
    for (std::string part; std::getline(path, part, '.');) value = graph_->insertGetAttr(value, part);
    return values_[id] = value;
  }

  static Error not_writable(const std::string& operator_name) {
    return Error(ErrorCode::ERR_INTERNAL, "expected calls that can be written as TorchScript, got " + operator_name);
  }

  const TensorProgram& program_;
  std::shared_ptr<Graph> graph_;
  TorchValue* self_ = nullptr;
  std::unordered_map<ValueId, TorchValue*> values_;
};

}  // namespace

std::string torchscript_archive(const Architecture& architecture) {
  TensorProgram program = architecture.program;
  set_train_mode(program, false);
  const std::unordered_set<ValueId> parameters(architecture.parameters.begin(), architecture.parameters.end());
  ModuleTree modules;
  for (const auto& [id, tensor] : program.constants()) {
    modules.add_tensor(program.value_name(id), tensor, parameters.count(id) == 0);
  }
  modules.add_forward(GraphWriter(program, modules.root().type()).write());
  std::ostringstream archive;
  modules.root().save(archive);
  return std::move(archive).str();
}

}  // namespace drmguard
