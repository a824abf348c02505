// The last linear layer of an architecture that is being trained.
#pragma once

#include "architecture/architecture.h"
#include "model/regression_model.h"

namespace drmguard {

struct OutputLayer {
  ValueId weight = kNoValue;
  ValueId bias = kNoValue;
};

/// Throws ERR_INTERNAL when the program does not end in a linear layer: every architecture here does.
OutputLayer output_layer(const Architecture& architecture);

/// Its present weights in the form that RAV reads.
Head output_layer_as_head(const Architecture& architecture);

}  // namespace drmguard
