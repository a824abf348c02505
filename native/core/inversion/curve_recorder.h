// Thins the steps of an inversion out to a curve of bounded length.
#pragma once

#include <vector>

#include "inversion/inversion.h"
#include "inversion/step_terms.h"

namespace drmguard {

class CurveRecorder {
 public:
  /// About a hundred points whatever the number of steps.
  explicit CurveRecorder(int64_t steps);

  /// Returns true when a point of the curve is complete, as it is after the last step.
  bool add(int64_t step, const StepTerms& terms, bool last);
  const InversionProgress& latest() const { return curve_.back(); }
  std::vector<InversionProgress> take() { return std::move(curve_); }

 private:
  int64_t steps_;
  int64_t stride_;
  std::vector<StepTerms> pending_;
  std::vector<InversionProgress> curve_;
};

}  // namespace drmguard
