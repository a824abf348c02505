// A smooth picture mixed into every pixel (Chen et al. 2017).
#include <ATen/TensorOperators.h>
#include <ATen/ops/rand.h>
#include <ATen/ops/upsample_bicubic2d.h>

#include "attack/attack_checks.h"
#include "tensor/random.h"

namespace drmguard {
namespace {

constexpr int64_t kLargestGrid = 1024;

class Blended : public Attack {
 public:
  Blended(const BlendedSpec& spec, const ImageShape& shape) : spec_(spec), shape_(shape) {
    at::Generator random = make_generator(spec.seed);
    show(at::rand({shape.channels, spec.grid, spec.grid}, random, at::TensorOptions().dtype(at::kFloat)));
  }

  at::Tensor apply(const at::Tensor& images) const override {
    expect_images(images, shape_);
    return (images * (1.0 - spec_.alpha) + pattern_ * spec_.alpha).clamp(0.0, 1.0);
  }

  NamedTensors state() const override { return {{"grid", grid_.clone()}}; }
  void restore(const NamedTensors& state) override { show(matching_state(state, {{"grid", grid_}})[0]); }

  void to(const at::Device& device) override { pattern_ = pattern_.to(device); }

 private:
  void show(const at::Tensor& grid) {
    grid_ = grid;
    const at::Device device = pattern_.defined() ? pattern_.device() : at::Device(at::kCPU);
    // Interpolated on the CPU whatever the device, so that devices show the same picture.
    pattern_ = at::upsample_bicubic2d(grid_.unsqueeze(0), {shape_.height, shape_.width}, /*align_corners=*/true)
                   .clamp(0.0, 1.0)
                   .to(device);
  }

  BlendedSpec spec_;
  ImageShape shape_;
  /// C×grid×grid, on the CPU.
  at::Tensor grid_;
  /// 1×C×H×W, in [0,1].
  at::Tensor pattern_;
};

}  // namespace

std::unique_ptr<Attack> make_blended(const BlendedSpec& spec, const ImageShape& shape) {
  expect_shape(shape);
  expect(spec.alpha > 0.0 && spec.alpha <= 1.0, "an alpha above 0, up to 1", spec.alpha);
  expect(spec.grid >= 2 && spec.grid <= kLargestGrid, "a grid of 2 to 1024 points per side", std::to_string(spec.grid));
  return std::make_unique<Blended>(spec, shape);
}

}  // namespace drmguard
