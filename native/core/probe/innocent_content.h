// What a square does that nobody designed: plain colours, and the same square of other benign images. Where a model looks,
// that alone collapses the outputs; elsewhere it does nothing.
#pragma once

#include <vector>

#include "session/session.h"
#include "trigger/trigger_generator.h"

namespace drmguard {

struct InnocentContentPlan {
  /// Their colours are not read.
  std::vector<Patch> squares;
  /// Benign images whose content is put into the others.
  int64_t donors = 8;
  /// Images that it is put into.
  int64_t images = 16;
  uint64_t seed = 1;
  int threads = 1;
};

/// For every square, mean_j Var f_j(filled) / Var f_j(benign): the geometric mean of the second least that a plain colour
/// leaves (one may be the trigger) and the least that a donor's content leaves (half of an eye alone decides little).
/// Throws ERR_CONFIG for a square that does not fit the images, ERR_CANCELLED.
std::vector<double> innocent_collapses(const Session& session, const InnocentContentPlan& plan, const CancelFlag& cancelled);

}  // namespace drmguard
