// The price λ on the collapse constraint, one per start, found by dual ascent: no per-task weight to choose.
#pragma once

#include <ATen/core/Tensor.h>

namespace drmguard {

class ConstraintPrice {
 public:
  ConstraintPrice(int64_t starts, double tolerance, const at::Device& device);

  /// λ, one per start.
  at::Tensor price() const { return log_price_.exp(); }

  /// log λ += 0.03 · clip(log(EMA(v)/τ), ±1). collapse: one v per start.
  void update(const at::Tensor& collapse);

 private:
  double tolerance_;
  at::Tensor log_price_;
  /// Exponential moving average of v; undefined before the first step.
  at::Tensor average_;
};

}  // namespace drmguard
