// Which benign images a probe is tried on.
#pragma once

#include "session/session.h"

namespace drmguard {

/// Indices of images whose outputs differ most from each other: a collapse shows best on them. Greedy farthest-point
/// choice from a random first one; at most as many as there are.
at::Tensor spread_images(const Session& session, int64_t count, uint64_t seed);

}  // namespace drmguard
