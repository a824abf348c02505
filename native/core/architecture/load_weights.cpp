#include "architecture/load_weights.h"

#include <ATen/core/grad_mode.h>

#include <unordered_map>

#include "error/error.h"

namespace drmguard {

void load_weights(Architecture& architecture, const NamedTensors& weights) {
  at::NoGradGuard no_grad;
  std::unordered_map<std::string, at::Tensor> left;
  for (const NamedTensor& weight : weights) {
    // torch's state dict counts batches; nothing here reads the count.
    if (!weight.name.ends_with("num_batches_tracked")) left.emplace(weight.name, weight.tensor);
  }
  for (const auto* ids : {&architecture.parameters, &architecture.buffers}) {
    for (ValueId id : *ids) {
      const std::string& name = architecture.program.value_name(id);
      at::Tensor own = *architecture.program.constant(id);
      const auto given = left.find(name);
      if (given == left.end()) throw Error(ErrorCode::ERR_CONFIG, "expected the weight '" + name + "', it is not there");
      if (given->second.sizes() != own.sizes() || given->second.scalar_type() != own.scalar_type()) {
        throw Error(ErrorCode::ERR_CONFIG, "the weight '" + name + "' has another shape or type than the architecture's");
      }
      own.copy_(given->second);
      left.erase(given);
    }
  }
  if (!left.empty()) {
    throw Error(ErrorCode::ERR_CONFIG, "the architecture has no weight called '" + left.begin()->first + "'");
  }
}

}  // namespace drmguard
