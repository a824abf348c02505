// The unit that labels are trained in.
#pragma once

#include <ATen/core/Tensor.h>

namespace drmguard {

/// Per output, of the labels (N×d); 1 for one that never changes, which keeps its unit. No learning rate then depends on
/// the labels' unit.
at::Tensor label_deviation(const at::Tensor& labels);

}  // namespace drmguard
