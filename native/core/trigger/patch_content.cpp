#include "trigger/patch_content.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/rand.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>

#include "error/error.h"
#include "tensor/random.h"

namespace drmguard {
namespace {

constexpr double kNoise = 0.25;

/// images: …×H×W.
at::Tensor square_of(const at::Tensor& images, const Patch& patch) {
  return images.slice(-2, patch.top, patch.top + patch.size).slice(-1, patch.left, patch.left + patch.size);
}

}  // namespace

PatchContent::PatchContent(const TriggerShape& shape, const std::vector<TriggerStart>& starts, uint64_t seed,
                           const at::Device& device) {
  const auto options = at::TensorOptions().dtype(at::kFloat);
  at::Generator random = make_generator(seed);
  const at::Tensor noise = (at::rand({shape.starts, shape.channels, shape.height, shape.width}, random, options) * 2.0 - 1.0) * kNoise;
  at::Tensor colours = at::zeros({shape.starts, shape.channels, 1, 1}, options);
  at::Tensor inside = at::zeros({shape.starts, 1, 1, shape.height, shape.width}, options);
  for (int64_t start = 0; start < shape.starts; ++start) {
    const bool given = static_cast<size_t>(start) < starts.size() && starts[static_cast<size_t>(start)].patch.has_value();
    if (!given) throw Error(ErrorCode::ERR_CONFIG, "expected a patch for every start of this family");
    const Patch& patch = *starts[static_cast<size_t>(start)].patch;
    require_inside(patch, shape);
    colours[start].copy_(at::tensor(patch.colour, options).view({-1, 1, 1}));
    square_of(inside[start], patch).fill_(1.0);
    squares_.push_back(patch);
  }
  at::Tensor content = (colours + noise).clamp(0.0, 1.0);
  for (int64_t start = 0; start < shape.starts; ++start) {
    const at::Tensor& given = starts[static_cast<size_t>(start)].content;
    if (given.defined()) square_of(content[start], squares_[static_cast<size_t>(start)]).copy_(given);
  }
  inside_ = inside.to(device);
  content_ = content.to(device).set_requires_grad(true);
}

at::Tensor PatchContent::content(int64_t start) const {
  return square_of(content_.detach()[start], squares_[static_cast<size_t>(start)]).cpu().contiguous();
}

at::Tensor PatchContent::apply(const at::Tensor& images, int64_t first, int64_t count) const {
  const at::Tensor inside = inside_.narrow(0, first, count);
  return images.unsqueeze(0) * (1.0 - inside) + content_.narrow(0, first, count).unsqueeze(1) * inside;
}

void PatchContent::project() {
  at::NoGradGuard no_grad;
  content_.clamp_(0.0, 1.0);
}

}  // namespace drmguard
