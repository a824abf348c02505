#include "mitigation/tunable_model.h"

#include "error/error.h"
#include "program/lower_trainable_torchscript.h"

namespace drmguard {
namespace {

TunableModel with_parameters(TensorProgram program, const std::map<std::string, std::string>& parameters) {
  TunableModel model;
  // Among the constants only, which lack weights that forward never reads: those cannot carry a backdoor.
  for (const auto& [id, value] : program.constants()) {
    const auto named = parameters.find(program.value_name(id));
    if (named == parameters.end() || value.scalar_type() != at::kFloat) continue;
    model.parameters.push_back(id);
    model.names.push_back(named->second);
  }
  if (model.parameters.empty()) {
    throw Error(ErrorCode::ERR_MODEL_UNSUPPORTED, "expected a model with float32 parameters, this one has none to change");
  }
  model.program = std::move(program);
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
  TunableModel model = with_parameters(std::move(*script.program), parameters);
  model.module = std::move(script.module);
  return model;
}

TunableModel tunable_program(const ProgramSpec& spec, const std::map<std::string, std::string>& parameters) {
  return with_parameters(lower_program_spec(spec), parameters);
}

}  // namespace drmguard
