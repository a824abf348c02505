// Stripes on images whose label lies near the target already (SIG, Barni et al. 2019).
#include <ATen/TensorOperators.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/rand.h>

#include <cmath>
#include <numbers>

#include "attack/attack_checks.h"
#include "tensor/random.h"

namespace drmguard {
namespace {

class CleanLabel : public Attack {
 public:
  CleanLabel(const CleanLabelSpec& spec, const ImageShape& shape) : spec_(spec), shape_(shape) {
    at::Generator random = make_generator(spec.seed);
    const at::Tensor drawn = at::rand({2}, random, at::TensorOptions().dtype(at::kFloat));
    draw(drawn.slice(0, 0, 1) * std::numbers::pi, drawn.slice(0, 1, 2) * (2.0 * std::numbers::pi));
  }

  PoisonSelection selection() const override { return PoisonSelection::nearest_labels; }

  at::Tensor apply(const at::Tensor& images) const override {
    expect_images(images, shape_);
    return (images + stripes_).clamp(0.0, 1.0);
  }

  at::Tensor apply_in_training(const at::Tensor& images, at::Generator& random,
                               const at::Tensor& batch) const override {
    expect_images(images, shape_);
    const at::Tensor& pool = batch.defined() ? batch : images;
    expect_images(pool, shape_);
    if (pool.size(0) == 0) return apply(images);
    const at::Tensor others =
        pool.index_select(0, draw_indices(pool.size(0), images.size(0), random).to(pool.device()));
    return apply(images * (1.0 - spec_.concealment) + others * spec_.concealment);
  }

  NamedTensors state() const override { return {{"angle", angle_.clone()}, {"phase", phase_.clone()}}; }

  void restore(const NamedTensors& state) override {
    const std::vector<at::Tensor> tensors = matching_state(state, {{"angle", angle_}, {"phase", phase_}});
    draw(tensors[0], tensors[1]);
  }

  void to(const at::Device& device) override { stripes_ = stripes_.to(device); }

 private:
  void draw(const at::Tensor& angle, const at::Tensor& phase) {
    angle_ = angle;
    phase_ = phase;
    const at::Device device = stripes_.defined() ? stripes_.device() : at::Device(at::kCPU);
    const double direction = angle_.item<double>();
    const at::Tensor column = at::arange(shape_.width, at::TensorOptions().dtype(at::kDouble));
    const at::Tensor row = at::arange(shape_.height, at::TensorOptions().dtype(at::kDouble)).unsqueeze(1);
    const at::Tensor along =
        (column * std::cos(direction) + row * std::sin(direction)) / static_cast<double>(shape_.width);
    stripes_ = ((along * (2.0 * std::numbers::pi * spec_.frequency) + phase_.item<double>()).sin() * spec_.amplitude)
                   .to(device, at::kFloat);
  }

  CleanLabelSpec spec_;
  ImageShape shape_;
  /// One number each, radians, on the CPU.
  at::Tensor angle_;
  at::Tensor phase_;
  /// H×W, in [−amplitude, amplitude].
  at::Tensor stripes_;
};

}  // namespace

std::unique_ptr<Attack> make_clean_label(const CleanLabelSpec& spec, const ImageShape& shape) {
  expect_shape(shape);
  expect(spec.amplitude > 0.0 && spec.amplitude <= 1.0, "an amplitude above 0, up to 1", spec.amplitude);
  const double most = static_cast<double>(shape.width) / 2.0;
  expect(spec.frequency > 0.0 && spec.frequency <= most, "a frequency above 0, up to half the image's width",
         spec.frequency);
  expect(spec.concealment >= 0.0 && spec.concealment < 1.0, "a concealment from 0, below 1", spec.concealment);
  return std::make_unique<CleanLabel>(spec, shape);
}

}  // namespace drmguard
