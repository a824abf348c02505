// Neural Cleanse's schedule of the weight on the mask's size, one weight per start.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace drmguard {

/// The weight is 0 until success has lasted for `patience` steps, then starts at `initial`. From there every run of
/// `patience` successes multiplies it, every run of `patience` failures divides it by the multiplier's power of 1.5.
class CostSchedule {
 public:
  CostSchedule(std::size_t starts, double initial, double multiplier, int64_t patience);

  const std::vector<double>& costs() const { return costs_; }
  void update(std::size_t start, bool success);

 private:
  struct Runs {
    int64_t before_first = 0;
    int64_t successes = 0;
    int64_t failures = 0;
  };

  double initial_;
  double up_;
  double down_;
  int64_t patience_;
  std::vector<double> costs_;
  std::vector<Runs> runs_;
};

}  // namespace drmguard
