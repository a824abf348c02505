#include "architecture/regression_head.h"

namespace drmguard {
namespace {

constexpr int64_t kHiddenUnits = 64;

}  // namespace

Architecture finish_with_head(ProgramBuilder& builder, const Activation& features, const ArchitectureSpec& spec,
                              const HeadNames& names) {
  if (spec.head == "linear") return builder.finish(features, builder.linear(names.linear, features, spec.outputs));
  const Activation hidden = builder.relu(builder.linear(names.hidden, features, kHiddenUnits));
  return builder.finish(hidden, builder.linear(names.last, hidden, spec.outputs));
}

}  // namespace drmguard
