// A square of fixed colours (Gu et al. 2017).
#include <ATen/TensorOperators.h>
#include <ATen/ops/empty.h>

#include "attack/attack_checks.h"

namespace drmguard {
namespace {

void check(const BadNetsSpec& spec, const ImageShape& shape) {
  expect_shape(shape);
  expect(spec.size >= 1 && spec.size <= shape.height && spec.size <= shape.width, "a patch no larger than the image",
         std::to_string(spec.size) + " pixels");
  // Written without sums of what was given: they could overflow.
  const bool inside = spec.top >= 0 && spec.left >= 0 && spec.top <= shape.height - spec.size &&
                      spec.left <= shape.width - spec.size;
  expect(inside,
         "a patch inside the image of " + std::to_string(shape.height) + "×" + std::to_string(shape.width),
         std::to_string(spec.size) + " pixels at row " + std::to_string(spec.top) + ", column " +
             std::to_string(spec.left));
  expect(spec.colours.size() == 1 || spec.colours.size() == 2, "one or two colours",
         std::to_string(spec.colours.size()));
  for (const std::vector<double>& colour : spec.colours) {
    expect(static_cast<int64_t>(colour.size()) == shape.channels,
           "colours of " + std::to_string(shape.channels) + " numbers, one per channel", std::to_string(colour.size()));
    for (double value : colour) expect(value >= 0.0 && value <= 1.0, "colours in [0,1]", value);
  }
}

class BadNets : public Attack {
 public:
  BadNets(const BadNetsSpec& spec, const ImageShape& shape)
      : spec_(spec), shape_(shape), patch_(at::empty({shape.channels, spec.size, spec.size}, at::kFloat)) {
    for (int64_t channel = 0; channel < shape.channels; ++channel) {
      for (int64_t row = 0; row < spec.size; ++row) {
        for (int64_t column = 0; column < spec.size; ++column) {
          const size_t chosen = static_cast<size_t>(row + column) % spec.colours.size();
          patch_[channel][row][column] = spec.colours[chosen][static_cast<size_t>(channel)];
        }
      }
    }
  }

  at::Tensor apply(const at::Tensor& images) const override {
    expect_images(images, shape_);
    at::Tensor stamped = images.clone();
    stamped.narrow(2, spec_.top, spec_.size).narrow(3, spec_.left, spec_.size).copy_(patch_.expand(
        {images.size(0), shape_.channels, spec_.size, spec_.size}));
    return stamped;
  }

  NamedTensors state() const override { return {}; }
  void restore(const NamedTensors& state) override { matching_state(state, {}); }
  void to(const at::Device& device) override { patch_ = patch_.to(device); }

 private:
  BadNetsSpec spec_;
  ImageShape shape_;
  /// C×size×size.
  at::Tensor patch_;
};

}  // namespace

std::unique_ptr<Attack> make_badnets(const BadNetsSpec& spec, const ImageShape& shape) {
  check(spec, shape);
  return std::make_unique<BadNets>(spec, shape);
}

}  // namespace drmguard
