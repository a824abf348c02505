// The end of every architecture: features to outputs.
#pragma once

#include "architecture/program_builder.h"

namespace drmguard {

/// Where the head's layers stand in the state dict.
struct HeadNames {
  /// The one layer of a linear head.
  std::string linear;
  /// The hidden and the last layer of an mlp head.
  std::string hidden;
  std::string last;
};

/// "linear": features → outputs. "mlp": features → 64 → ReLU → outputs.
Architecture finish_with_head(ProgramBuilder& builder, const Activation& features, const ArchitectureSpec& spec,
                              const HeadNames& names);

}  // namespace drmguard
