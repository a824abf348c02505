#include "mitigation/batch_order.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/randperm.h>

#include <algorithm>

#include "tensor/random.h"

namespace drmguard {

BatchOrder::BatchOrder(int64_t images, int64_t batch_size, uint64_t seed)
    : images_(images), batch_size_(std::min(images, batch_size)), random_(make_generator(seed)) {}

at::Tensor BatchOrder::next() {
  if (!order_.defined() || used_ + batch_size_ > images_) {
    order_ = at::randperm(images_, random_, at::TensorOptions().dtype(at::kLong));
    used_ = 0;
  }
  const at::Tensor rows = order_.narrow(0, used_, batch_size_);
  used_ += batch_size_;
  return rows;
}

}  // namespace drmguard
