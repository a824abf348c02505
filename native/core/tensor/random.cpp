#include "tensor/random.h"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/ops/randint.h>

namespace drmguard {

at::Generator make_generator(uint64_t seed) { return at::detail::createCPUGenerator(seed); }

at::Tensor draw_indices(int64_t bound, int64_t count, at::Generator& generator) {
  return at::randint(bound, {count}, generator, at::TensorOptions().dtype(at::kLong));
}

}  // namespace drmguard
