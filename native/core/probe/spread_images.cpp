#include "probe/spread_images.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/tensor.h>

#include <algorithm>
#include <vector>

#include "tensor/random.h"

namespace drmguard {

at::Tensor spread_images(const Session& session, int64_t count, uint64_t seed) {
  const at::Tensor outputs =
      (session.benign_outputs() - session.output_scale().mean) / session.output_scale().variance.sqrt();
  count = std::min(count, outputs.size(0));
  at::Generator generator = make_generator(seed);
  std::vector<int64_t> chosen = {draw_indices(outputs.size(0), 1, generator).item<int64_t>()};
  at::Tensor distance = (outputs - outputs[chosen[0]]).square().sum(1);
  while (static_cast<int64_t>(chosen.size()) < count) {
    const int64_t farthest = distance.argmax().item<int64_t>();
    chosen.push_back(farthest);
    distance = distance.minimum((outputs - outputs[farthest]).square().sum(1));
  }
  return at::tensor(chosen, at::TensorOptions().dtype(at::kLong).device(session.device()));
}

}  // namespace drmguard
