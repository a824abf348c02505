// A pattern and a mask generated from every image (Nguyen & Tran 2020).
#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <torch/optim/adam.h>

#include <algorithm>

#include "attack/attack_checks.h"
#include "attack/generator_network.h"
#include "error/error.h"
#include "tensor/random.h"

namespace drmguard {
namespace {

constexpr int64_t kPreparationSteps = 200;
constexpr int64_t kPreparationBatch = 16;
constexpr double kPreparationRate = 5e-3;
/// Images that the diversity loss looks at: on all of a batch it would cost more than the model's own step.
constexpr int64_t kDiversityImages = 16;
/// Keeps the quotient of the diversity loss and the slope of its root finite where two pictures are equal.
constexpr double kEpsilon = 1e-3;

/// How far a batch of at least two is rolled so that every image meets another one.
int64_t draw_shift(int64_t count, at::Generator& random) {
  return 1 + draw_indices(count - 1, 1, random).item<int64_t>();
}

/// Root mean square difference of each pair, B.
at::Tensor distance(const at::Tensor& left, const at::Tensor& right) {
  return ((left - right).square().mean({1, 2, 3}) + kEpsilon * kEpsilon).sqrt();
}

/// ‖x1 − x2‖/(‖g(x1) − g(x2)‖ + ε): small when different images get different pictures. made: g of the images.
at::Tensor diversity(const at::Tensor& images, const at::Tensor& made, at::Generator& random) {
  const int64_t shift = draw_shift(images.size(0), random);
  return (distance(images, images.roll(shift, 0)) / (distance(made, made.roll(shift, 0)) + kEpsilon)).mean();
}

class InputAware : public Attack {
 public:
  InputAware(const InputAwareSpec& spec, const ImageShape& shape, at::Generator random)
      : spec_(spec), shape_(shape), pattern_(shape.channels, shape.channels, random), mask_(shape.channels, 1, random) {
    pattern_.set_requires_grad(true);
  }

  PoisonSelection selection() const override { return PoisonSelection::every_batch; }
  bool has_cross() const override { return true; }

  at::Tensor apply(const at::Tensor& images) const override {
    expect_images(images, shape_);
    return stamp(images, images);
  }

  at::Tensor apply_cross(const at::Tensor& images, at::Generator& random) const override {
    expect_images(images, shape_);
    const int64_t count = images.size(0);
    // A single image takes the trigger of itself upside down: its own is the one that must work.
    return stamp(images, count < 2 ? images.flip({2}) : images.roll(draw_shift(count, random), 0));
  }

  std::vector<at::Tensor> parameters() const override { return pattern_.parameters(); }

  void prepare(const at::Tensor& images, at::Generator& random) override {
    expect_images(images, shape_);
    if (images.size(0) < 2) throw Error(ErrorCode::ERR_IMAGES_TOO_FEW, "expected at least 2 images to make masks for");
    start_at_density(images);
    mask_.set_requires_grad(true);
    torch::optim::Adam optimiser(mask_.parameters(), torch::optim::AdamOptions(kPreparationRate));
    const int64_t count = std::min(kPreparationBatch, images.size(0));
    for (int64_t step = 0; step < kPreparationSteps; ++step) {
      const at::Tensor chosen =
          images.index_select(0, draw_indices(images.size(0), count, random).to(images.device()));
      optimiser.zero_grad();
      mask_loss(chosen, random).backward();
      optimiser.step();
    }
    mask_.set_requires_grad(false);
    for (at::Tensor& parameter : mask_.parameters()) parameter.mutable_grad().reset();
  }

  at::Tensor loss(const at::Tensor& images, at::Generator& random) const override {
    expect_images(images, shape_);
    if (images.size(0) < 2 || spec_.diversity == 0.0) return {};
    const at::Tensor some = images.slice(0, 0, kDiversityImages);
    return spec_.diversity * diversity(some, pattern_of(some), random);
  }

  NamedTensors state() const override {
    NamedTensors all = live_state();
    for (NamedTensor& entry : all) entry.tensor = entry.tensor.detach().clone();
    return all;
  }

  void restore(const NamedTensors& state) override {
    at::NoGradGuard no_grad;
    const NamedTensors live = live_state();
    const std::vector<at::Tensor> given = matching_state(state, live);
    // In place: an optimiser may hold the parameters already.
    for (size_t i = 0; i < live.size(); ++i) at::Tensor(live[i].tensor).copy_(given[i]);
  }

  void to(const at::Device& device) override {
    pattern_.to(device);
    mask_.to(device);
  }

 private:
  /// B×C×H×W in [0,1].
  at::Tensor pattern_of(const at::Tensor& images) const { return pattern_.forward(images).tanh() / 2.0 + 0.5; }

  /// B×1×H×W in [0,1], nearly all of it at one end: the published threshold tanh(20·m − 10)/2 + 0.5 of
  /// m = tanh(·)/2 + 0.5.
  at::Tensor mask_of(const at::Tensor& images) const {
    return (mask_.forward(images).tanh() * 10.0).tanh() / 2.0 + 0.5;
  }

  at::Tensor stamp(const at::Tensor& images, const at::Tensor& sources) const {
    const at::Tensor stamped = images + (pattern_of(sources) - images) * mask_of(sources);
    return stamped.clamp(0.0, 1.0);
  }

  /// Published as mean(relu(mask − density)), which only pushes down; here every image's density is held from both
  /// sides.
  at::Tensor mask_loss(const at::Tensor& images, at::Generator& random) const {
    const at::Tensor mask = mask_of(images);
    const at::Tensor norm = (mask.mean({1, 2, 3}) - spec_.density).abs().mean();
    return spec_.norm * norm + spec_.diversity * diversity(images, mask, random);
  }

  /// Shifts the mask network's last bias so that untrained masks have the asked density already: from half of the
  /// image the threshold's flat ends would leave most pixels without a slope to come back on.
  void start_at_density(const at::Tensor& images) {
    at::NoGradGuard no_grad;
    const at::Tensor values = std::get<0>(mask_.forward(images.slice(0, 0, kPreparationBatch)).flatten().sort());
    const auto above = static_cast<int64_t>((1.0 - spec_.density) * static_cast<double>(values.numel()));
    mask_.parameters().back().sub_(values[std::min(above, values.numel() - 1)]);
  }

  NamedTensors live_state() const {
    NamedTensors all = pattern_.named("pattern");
    for (const NamedTensor& entry : mask_.named("mask")) all.push_back(entry);
    return all;
  }

  InputAwareSpec spec_;
  ImageShape shape_;
  GeneratorNetwork pattern_;
  GeneratorNetwork mask_;
};

}  // namespace

std::unique_ptr<Attack> make_input_aware(const InputAwareSpec& spec, const ImageShape& shape) {
  constexpr int64_t kLeastSide = 8;
  constexpr double kLargestWeight = 1e6;
  expect_shape(shape);
  expect(shape.height >= kLeastSide && shape.width >= kLeastSide, "images of at least 8 pixels a side",
         std::to_string(std::min(shape.height, shape.width)));
  expect(spec.diversity >= 0.0 && spec.diversity <= kLargestWeight, "a diversity weight from 0 to 1e6", spec.diversity);
  expect(spec.norm > 0.0 && spec.norm <= kLargestWeight, "a norm weight above 0, up to 1e6", spec.norm);
  expect(spec.density > 0.0 && spec.density < 1.0, "a density above 0, below 1", spec.density);
  return std::make_unique<InputAware>(spec, shape, make_generator(spec.seed));
}

}  // namespace drmguard
