// The one-cycle learning-rate schedule (Smith & Topin 2018), as torch.optim.lr_scheduler.OneCycleLR with its defaults.
#pragma once

#include <cmath>
#include <cstdint>
#include <numbers>

namespace drmguard {

/// Learning rate of one step: up from highest/25 over the first 30 % of the steps, then down to highest/250000, both
/// along half a cosine. 0 ≤ step < steps.
inline double one_cycle_rate(double highest, int64_t step, int64_t steps) {
  const double first = highest / 25.0;
  const double last = first / 1e4;
  const double turn = 0.3 * static_cast<double>(steps) - 1.0;
  const double end = static_cast<double>(steps) - 1.0;
  const double at = static_cast<double>(step);
  const auto between = [](double from, double to, double share) {
    return to + (from - to) / 2.0 * (1.0 + std::cos(std::numbers::pi * share));
  };
  // Fewer than four steps have no rise.
  if (turn > 0.0 && at <= turn) return between(first, highest, at / turn);
  return between(highest, last, end > turn ? (at - turn) / (end - turn) : 1.0);
}

}  // namespace drmguard
