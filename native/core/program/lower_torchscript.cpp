#include "program/lower_torchscript.h"

#include <torch/csrc/jit/passes/freeze_module.h>

#include "error/error.h"
#include "program/checked_module.h"
#include "program/graph_lowering.h"
#include "program/lower_trainable_torchscript.h"

namespace drmguard {
namespace {

using torch::jit::Module;

template <typename Freeze>
Module frozen(Freeze&& freeze) {
  try {
    return freeze();
  } catch (...) {
    throw current_exception_as_error(ErrorCode::ERR_MODEL_UNSUPPORTED, "the TorchScript model cannot be frozen");
  }
}

/// Sets the model's program, or the reason why there is none.
template <typename Model>
void lower_into(Model& model, const Module& kept, const torch::jit::Graph& graph) {
  try {
    model.program = lower_graph(kept, graph);
  } catch (const NotStraight& bend) {
    model.reason = bend.reason;
  }
}

}  // namespace

TorchScriptModel lower_torchscript(const uint8_t* bytes, size_t size) {
  const Module module = load_checked_module(bytes, size);
  TorchScriptModel model;
  model.module = frozen([&] { return torch::jit::freeze(module); });
  const auto graph = checked_graph(model.module, model.operators);
  lower_into(model, model.module, *graph);
  return model;
}

TrainableTorchScript lower_trainable_torchscript(const uint8_t* bytes, size_t size) {
  TrainableTorchScript model;
  model.module = load_checked_module(bytes, size);
  const Module kept = frozen([&] {
    return torch::jit::freeze_module(model.module, {}, /*freezeInterfaces=*/true, /*preserveParameters=*/true);
  });
  std::map<std::string, int> ignored;
  const auto graph = checked_graph(kept, ignored);
  lower_into(model, kept, *graph);
  return model;
}

}  // namespace drmguard
