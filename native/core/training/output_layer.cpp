#include "training/output_layer.h"

#include <ATen/ops/ones_like.h>

#include "error/error.h"

namespace drmguard {

OutputLayer output_layer(const Architecture& architecture) {
  const ValueId output = architecture.program.outputs()[0];
  for (const Node& node : architecture.program.nodes()) {
    if (node.name != "aten::linear" || node.results[0][0] != output) continue;
    return {node.arguments[1].values[0], node.arguments[2].values[0]};
  }
  throw Error(ErrorCode::ERR_INTERNAL, "expected an architecture that ends in a linear layer");
}

Head output_layer_as_head(const Architecture& architecture) {
  Head head;
  head.weight = architecture.program.constant(output_layer(architecture).weight)->detach();
  head.support = at::ones_like(head.weight);
  return head;
}

}  // namespace drmguard
