// Which images come when: every one once before any comes again.
#pragma once

#include <ATen/core/Generator.h>
#include <ATen/core/Tensor.h>

#include <cstdint>

namespace drmguard {

class BatchOrder {
 public:
  /// Batches are no larger than the set.
  BatchOrder(int64_t images, int64_t batch_size, uint64_t seed);

  /// Indices of the next batch; the last images of an order that do not fill one are left to the next order.
  at::Tensor next();

 private:
  int64_t images_;
  int64_t batch_size_;
  at::Generator random_;
  at::Tensor order_;
  int64_t used_ = 0;
};

}  // namespace drmguard
