#include "mitigation/tunable_model.h"

#include <unordered_map>

#include "error/error.h"
#include "program/lower_trainable_torchscript.h"

namespace drmguard {
namespace {

/// The program with copies of the named constants, so that training leaves the loaded model as it is.
TunableModel with_parameters(const TensorProgram& program, const std::map<std::string, std::string>& parameters) {
  TunableModel model;
  std::unordered_map<ValueId, at::Tensor> copies;
  // Among the constants only, which lack weights that forward never reads: those cannot carry a backdoor.
  for (const auto& [id, value] : program.constants()) {
    const auto named = parameters.find(program.value_name(id));
    if (named == parameters.end() || value.scalar_type() != at::kFloat) continue;
    model.parameters.push_back(id);
    model.names.push_back(named->second);
    copies.emplace(id, value.detach().clone(at::MemoryFormat::Contiguous));
  }
  if (model.parameters.empty()) {
    throw Error(ErrorCode::ERR_MODEL_UNSUPPORTED, "expected a model with float32 parameters, this one has none to change");
  }
  model.program = program.with_constants(copies);
  return model;
}

}  // namespace

TunableModel tunable_torchscript(const uint8_t* bytes, size_t size) {
  TrainableTorchScript script = lower_trainable_torchscript(bytes, size);
  if (!script.program) {
    throw Error(ErrorCode::ERR_MODEL_UNSUPPORTED, "expected a model that can be trained, but " + script.reason);
  }
  std::map<std::string, std::string> parameters;
  for (const auto& parameter : script.module.named_parameters(/*recurse=*/true)) {
    parameters.emplace(parameter.name, parameter.name);
  }
  TunableModel model = with_parameters(*script.program, parameters);
  model.module = std::move(script.module);
  return model;
}

TunableModel tunable_program(const ProgramSpec& spec, const std::map<std::string, std::string>& parameters) {
  return with_parameters(lower_program_spec(spec), parameters);
}

}  // namespace drmguard
