// Finds the split f = H∘F: the last linear layer H and the features F(x) in front of it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "program/tensor_program.h"

namespace drmguard {

/// Where a program's last linear layer begins.
struct HeadSplit {
  /// Values that together are F(x); one per separate head, joined along their last axis.
  std::vector<ValueId> features;
  /// How the layer is written: "linear", "addmm", "matmul", "matmul+add", "convolution", or "named" by the user.
  std::string form;
};

struct HeadSearch {
  std::optional<HeadSplit> split;
  /// Why there is none.
  std::string reason;
};

/// Walks back from the output through reshapes, scalings, additions of constants and concatenations to the last linear
/// layer or layers (design: TensorProgram).
HeadSearch find_head(const TensorProgram& program);

}  // namespace drmguard
