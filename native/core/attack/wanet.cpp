// A smooth warp (Nguyen & Tran 2021).
#include <ATen/TensorOperators.h>
#include <ATen/ops/grid_sampler_2d.h>
#include <ATen/ops/linspace.h>
#include <ATen/ops/rand.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/upsample_bicubic2d.h>

#include "attack/attack_checks.h"
#include "tensor/random.h"

namespace drmguard {
namespace {

constexpr int64_t kLargestGrid = 1024;
constexpr double kLargestStrength = 1000.0;
// ATen's numbers for mode "bilinear" and padding "zeros".
constexpr int64_t kBilinear = 0;
constexpr int64_t kZeros = 0;

class WaNet : public Attack {
 public:
  WaNet(const WaNetSpec& spec, const ImageShape& shape) : spec_(spec), shape_(shape) {
    at::Generator random = make_generator(spec.seed);
    const at::Tensor drawn =
        at::rand({2, spec.grid, spec.grid}, random, at::TensorOptions().dtype(at::kFloat)) * 2.0 - 1.0;
    use(drawn / drawn.abs().mean());
  }

  PoisonSelection selection() const override { return PoisonSelection::every_batch; }
  bool has_cross() const override { return true; }

  at::Tensor apply(const at::Tensor& images) const override {
    expect_images(images, shape_);
    return warp(images, places_.expand({images.size(0), -1, -1, -1}));
  }

  /// Noise mode: every pixel's place is disturbed once more, by up to half a pixel, anew for every image.
  at::Tensor apply_cross(const at::Tensor& images, at::Generator& random) const override {
    expect_images(images, shape_);
    const at::Tensor noise = at::rand({images.size(0), shape_.height, shape_.width, 2}, random,
                                      at::TensorOptions().dtype(at::kFloat)) *
                                 2.0 -
                             1.0;
    return warp(images, (places_ + (noise / sides()).to(places_.device())).clamp(-1.0, 1.0));
  }

  NamedTensors state() const override { return {{"flow", flow_.clone()}}; }
  void restore(const NamedTensors& state) override { use(matching_state(state, {{"flow", flow_}})[0]); }
  void to(const at::Device& device) override { places_ = places_.to(device); }

 private:
  /// Width and height, in the order of a place's coordinates.
  at::Tensor sides() const {
    return at::tensor(std::vector<double>{static_cast<double>(shape_.width), static_cast<double>(shape_.height)},
                      at::TensorOptions().dtype(at::kFloat));
  }

  static at::Tensor warp(const at::Tensor& images, const at::Tensor& places) {
    // Weights of a bilinear mean need not sum to exactly 1 in float.
    return at::grid_sampler_2d(images, places, kBilinear, kZeros, /*align_corners=*/true).clamp(0.0, 1.0);
  }

  void use(const at::Tensor& flow) {
    flow_ = flow;
    const at::Device device = places_.defined() ? places_.device() : at::Device(at::kCPU);
    const auto options = at::TensorOptions().dtype(at::kFloat);
    const at::Tensor x = at::linspace(-1.0, 1.0, shape_.width, options).expand({shape_.height, shape_.width});
    const at::Tensor y =
        at::linspace(-1.0, 1.0, shape_.height, options).unsqueeze(1).expand({shape_.height, shape_.width});
    const at::Tensor smooth =
        at::upsample_bicubic2d(flow_.unsqueeze(0), {shape_.height, shape_.width}, /*align_corners=*/true)
            .permute({0, 2, 3, 1});
    places_ = (at::stack({x, y}, 2).unsqueeze(0) + spec_.strength * smooth / sides()).clamp(-1.0, 1.0).to(device);
  }

  WaNetSpec spec_;
  ImageShape shape_;
  /// 2×grid×grid, on the CPU.
  at::Tensor flow_;
  /// 1×H×W×2: where a pixel comes from, (x, y) in [−1,1].
  at::Tensor places_;
};

}  // namespace

std::unique_ptr<Attack> make_wanet(const WaNetSpec& spec, const ImageShape& shape) {
  expect_shape(shape);
  expect(spec.grid >= 2 && spec.grid <= kLargestGrid, "a grid of 2 to 1024 points per side", std::to_string(spec.grid));
  expect(spec.strength > 0.0 && spec.strength <= kLargestStrength, "a strength above 0, up to 1000", spec.strength);
  return std::make_unique<WaNet>(spec, shape);
}

}  // namespace drmguard
