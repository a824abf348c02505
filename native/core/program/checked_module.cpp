#include "program/checked_module.h"

#include <sys/types.h>  // off_t, which the next header uses without declaring it

#include <caffe2/serialize/in_memory_adapter.h>
#include <torch/csrc/jit/passes/inliner.h>
#include <torch/csrc/jit/passes/remove_mutation.h>
#include <torch/csrc/jit/serialization/import.h>

#include "error/error.h"
#include "program/allowed_operators.h"
#include "program/screen_archive.h"

namespace drmguard {
namespace {

using torch::jit::Block;
using torch::jit::Module;
using TorchNode = torch::jit::Node;

void check_operators(const Block* block, std::map<std::string, int>& count) {
  for (const TorchNode* node : block->nodes()) {
    const std::string name = node->kind().toQualString();
    require_allowed(name);
    if (name.rfind("prim::", 0) != 0) ++count[name];
    for (const Block* inner : node->blocks()) check_operators(inner, count);
  }
}

/// eval() does not reach a literal training flag: dropout would stay random, batch norm would rewrite its statistics.
void check_inference(const Block* block) {
  for (const TorchNode* node : block->nodes()) {
    for (const Block* inner : node->blocks()) check_inference(inner);
    const torch::jit::Operator* op = node->maybeOperator();
    if (op == nullptr) continue;
    const auto& parameters = op->schema().arguments();
    for (size_t i = 0; i < parameters.size() && i < node->inputs().size(); ++i) {
      if (parameters[i].name() != "train" && parameters[i].name() != "training") continue;
      const auto flag = torch::jit::toIValue(node->input(i));
      if (!flag || !flag->isBool() || flag->toBool()) {
        throw Error(ErrorCode::ERR_MODEL_UNSUPPORTED,
                    std::string("the model trains in ") + node->kind().toQualString() + "; export it for inference");
      }
    }
  }
}

/// All operators of the inlined forward method, before freezing runs any of them to fold constants.
void check_before_running(const Module& module) {
  const auto method = module.find_method("forward");
  if (!method) {
    throw Error(ErrorCode::ERR_MODEL_FORMAT, "the TorchScript module has no forward method");
  }
  const auto graph = method->graph()->copy();
  torch::jit::Inline(*graph);
  std::map<std::string, int> ignored;
  check_operators(graph->block(), ignored);
}

Module load_module(const uint8_t* bytes, size_t size) {
  try {
    return torch::jit::load(
        std::make_shared<caffe2::serialize::MemoryReadAdapter>(bytes, static_cast<int64_t>(size)), at::kCPU,
        /*load_debug_files=*/false);
  } catch (...) {
    throw current_exception_as_error(ErrorCode::ERR_MODEL_FORMAT, "LibTorch cannot load the TorchScript archive");
  }
}

}  // namespace

Module load_checked_module(const uint8_t* bytes, size_t size) {
  screen_archive(bytes, size);
  Module module = load_module(bytes, size);
  module.eval();
  check_before_running(module);
  return module;
}

std::shared_ptr<torch::jit::Graph> checked_graph(const Module& frozen, std::map<std::string, int>& operators) {
  const auto graph = frozen.get_method("forward").graph();
  check_operators(graph->block(), operators);
  check_inference(graph->block());
  torch::jit::RemoveTensorMutation(graph);
  return graph;
}

}  // namespace drmguard
