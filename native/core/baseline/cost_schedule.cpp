#include "baseline/cost_schedule.h"

#include <algorithm>
#include <cmath>

namespace drmguard {

CostSchedule::CostSchedule(std::size_t starts, double initial, double multiplier, int64_t patience)
    : initial_(initial),
      up_(multiplier),
      down_(std::pow(multiplier, 1.5)),
      patience_(patience),
      costs_(starts, 0.0),
      runs_(starts) {}

void CostSchedule::update(std::size_t start, bool success) {
  // Bounded where float32 still has room, as a success that lasts for ever would raise it for ever.
  constexpr double kLargest = 1e12;
  double& cost = costs_[start];
  Runs& runs = runs_[start];
  runs.before_first = cost == 0.0 && success ? runs.before_first + 1 : 0;
  if (runs.before_first >= patience_) {
    cost = initial_;
    runs = {};
  }
  runs.successes = success ? runs.successes + 1 : 0;
  runs.failures = success ? 0 : runs.failures + 1;
  if (runs.successes >= patience_) {
    runs.successes = 0;
    cost = std::min(kLargest, cost * up_);
  } else if (runs.failures >= patience_) {
    runs.failures = 0;
    cost /= down_;
  }
}

}  // namespace drmguard
