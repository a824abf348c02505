// Given weights into an architecture.
#pragma once

#include "architecture/architecture.h"
#include "tensor/named_tensor.h"

namespace drmguard {

/// Copies every parameter and running statistic. Throws ERR_CONFIG, naming the tensor, when one is missing, left over,
/// or of another shape or type.
void load_weights(Architecture& architecture, const NamedTensors& weights);

}  // namespace drmguard
