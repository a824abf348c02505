#include <ATen/ops/isfinite.h>

#include "error/error.h"
#include "model/regression_model.h"

namespace drmguard {
namespace {

/// Counts weights and refuses those that are not finite.
int64_t checked_parameters(const TensorProgram& program) {
  int64_t count = 0;
  for (const auto& [id, tensor] : program.constants()) {
    count += tensor.numel();
    if (tensor.is_floating_point() && !at::isfinite(tensor).all().item<bool>()) {
      throw Error(ErrorCode::ERR_MODEL_NONFINITE,
                  "the weight '" + program.value_name(id) + "' contains NaN or infinity");
    }
  }
  return count;
}

int64_t checked_parameters(const torch::jit::Module& module) {
  int64_t count = 0;
  const auto graph = module.get_method("forward").graph();
  for (const auto* node : graph->nodes()) {
    if (node->kind() != c10::prim::Constant || !node->output()->type()->isSubtypeOf(*c10::TensorType::get())) continue;
    const at::Tensor tensor = torch::jit::toIValue(node->output()).value().toTensor();
    count += tensor.numel();
    if (tensor.is_floating_point() && !at::isfinite(tensor).all().item<bool>()) {
      throw Error(ErrorCode::ERR_MODEL_NONFINITE, "a weight contains NaN or infinity");
    }
  }
  return count;
}

}  // namespace

LoadedModel load_torchscript_model(const uint8_t* bytes, size_t size) {
  TorchScriptModel script = lower_torchscript(bytes, size);
  LoadedModel model;
  model.parameters = script.program ? checked_parameters(*script.program) : checked_parameters(script.module);
  model.program = std::move(script.program);
  model.module = std::move(script.module);
  model.reason = std::move(script.reason);
  model.operators = std::move(script.operators);
  return model;
}

LoadedModel load_program_model(const ProgramSpec& spec) {
  LoadedModel model;
  model.program = lower_program_spec(spec);
  model.parameters = checked_parameters(*model.program);
  for (const Node& node : model.program->nodes()) ++model.operators[node.name];
  return model;
}

}  // namespace drmguard
