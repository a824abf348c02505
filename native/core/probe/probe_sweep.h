// The probe sweep: stamps plain patches on a few images, forward passes only, and reads how far the outputs move and
// collapse. It finds what gradients do not see: a patch that is only half there (design §3).
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "probe/reading.h"
#include "session/session.h"
#include "trigger/trigger_generator.h"

namespace drmguard {

struct ProbePlan {
  /// Benign images that the surviving patches are tried on.
  int64_t images = 16;
  /// Side lengths of the square patches in pixels.
  std::vector<int64_t> sizes;
  /// How many of the best patches to return.
  size_t keep = 4;
  /// Absent looks for patches that bring the outputs to one value; else for such as move all outputs by one offset, at
  /// least this long: root mean square over the outputs, in benign deviations.
  std::optional<double> least_offset;
  uint64_t seed = 1;
  int threads = 1;
};

struct ProbedPatch {
  Patch patch;
  /// On the probe's images.
  Reading reading;
  std::vector<double> target;
};

struct ProbeResult {
  int64_t patches_tried = 0;
  int64_t forward_passes = 0;
  /// Most suspicious first.
  std::vector<ProbedPatch> best;
};

/// Two rounds: every patch on four images, then the best ones and their neighbours on all probe images, climbing to the
/// best place, size and colour nearby. on_progress(done, total) counts patches.
ProbeResult probe_sweep(const Session& session, const ProbePlan& plan,
                        const std::function<void(int64_t, int64_t)>& on_progress, const CancelFlag& cancelled);

}  // namespace drmguard
