// The wave sweep: adds plane waves of every coarse frequency, direction and phase to a few images, forward passes only,
// and reads how far the outputs move and collapse; the most suspicious ones once more on more images. Stripes are felt by
// gradients only within about a cycle of the right frequency: the sweep hands the inversion its starts.
#pragma once

#include <functional>
#include <vector>

#include "probe/reading.h"
#include "session/session.h"
#include "trigger/trigger_generator.h"

namespace drmguard {

struct WaveSweepPlan {
  /// Of the first look; the second has four times as many, as far as there are.
  int64_t images = 4;
  /// Lowest and highest frequency, in cycles across the image.
  double lowest = 3.0;
  double highest = 12.0;
  size_t keep = 16;
  uint64_t seed = 1;
  int threads = 1;
};

struct ProbedWave {
  Wave wave;
  /// On the images of the second look.
  Reading reading;
};

struct WaveSweepResult {
  int64_t waves_tried = 0;
  /// Median variance ratio over all waves: what stripes do that nobody has chosen.
  double median_variance_ratio = 0.0;
  /// Most suspicious first: little variance left, about a deviation or more away from the benign answers.
  std::vector<ProbedWave> best;
};

/// on_progress(done, total) counts waves. Throws ERR_CONFIG, ERR_CANCELLED.
WaveSweepResult wave_sweep(const Session& session, const WaveSweepPlan& plan,
                           const std::function<void(int64_t, int64_t)>& on_progress, const CancelFlag& cancelled);

}  // namespace drmguard
