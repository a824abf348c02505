// The input-aware attack: masks that are made before the training, patterns that are made in it.
#include <ATen/core/grad_mode.h>
#include <ATen/ops/equal.h>
#include <torch/optim/adam.h>

#include <cmath>

#include "attack_subjects.h"

using namespace drmguard;
using namespace drmguard::check;

namespace {

/// The attack's masks, B×1×H×W: with white patterns A(x) = x + (1 − x)·mask(x).
at::Tensor masks(const Attack& attack, const at::Tensor& images) {
  at::NoGradGuard no_grad;
  const auto white = make_input_aware({1.0, 0.1, 100, 1}, {images.size(1), images.size(2), images.size(3)});
  NamedTensors state = attack.state();
  for (NamedTensor& entry : state) {
    if (entry.name == "pattern.6.weight") entry.tensor.zero_();
    if (entry.name == "pattern.6.bias") entry.tensor.fill_(20.0);
  }
  white->restore(state);
  // A mask follows its image, so the darkest channel of that very image has to show it.
  const at::Tensor darkest = std::get<0>(images.min(1, true));
  const at::Tensor stamped = std::get<0>(white->apply(images).min(1, true));
  return (stamped - darkest) / (1.0 - darkest).clamp_min(1e-3);
}

}  // namespace

TEST(input_aware_cross_triggers_belong_to_another_image_of_the_batch) {
  const at::Tensor images = blobs(2, 16, 3);
  const auto attack = make_input_aware({1.0, 0.1, 100, 2}, {3, 16, 16});
  at::NoGradGuard no_grad;
  at::Generator random = make_generator(8);
  // Of two images each is the other's partner: pattern and mask are the first's, only what shines through differs.
  const at::Tensor cross = attack->apply_cross(images, random)[1];
  const at::Tensor shines_through = (images[1] - images[0]) * (1.0 - masks(*attack, images)[0]);
  CHECK_ALL_NEAR(numbers(cross), numbers(attack->apply(images)[0] + shines_through), 1e-4);
}

TEST(input_aware_masks_have_the_asked_density_and_follow_the_image) {
  const at::Tensor sample = blobs(64, 16, 5);
  // Other images than the masks were trained on.
  const at::Tensor images = blobs(32, 16, 6);
  for (double density : {0.032, 0.15}) {
    const auto attack = make_input_aware({1.0, density, 100, 3}, {3, 16, 16});
    at::Generator random = make_generator(9);
    attack->prepare(sample, random);
    const at::Tensor made = masks(*attack, images);
    const double found = made.mean().item<double>();
    CHECK(found > density / 2 && found < density * 2);
    // Nearly every pixel is either covered or not.
    CHECK((made * (1.0 - made)).mean().item<double>() < 0.25 * density);
    // Masks of neighbours have less than two thirds in common.
    CHECK((made.slice(0, 1) - made.slice(0, 0, 31)).abs().mean().item<double>() > 0.67 * density);
  }
}

TEST(input_aware_preparation_freezes_the_masks) {
  const auto attack = make_input_aware({1.0, 0.1, 100, 3}, {3, 16, 16});
  const NamedTensors before = attack->state();
  at::Generator random = make_generator(9);
  attack->prepare(blobs(8, 16, 5), random);
  const NamedTensors prepared = attack->state();
  (attack->apply(blobs(4, 16, 6)).sum() + attack->loss(blobs(4, 16, 6), random)).backward();
  torch::optim::Adam optimiser(attack->parameters(), torch::optim::AdamOptions(1e-2));
  optimiser.step();
  const NamedTensors trained = attack->state();
  CHECK(attack->parameters().size() * 2 == trained.size());
  for (size_t i = 0; i < trained.size(); ++i) {
    const bool of_mask = trained[i].name.rfind("mask.", 0) == 0;
    CHECK(at::equal(before[i].tensor, prepared[i].tensor) != of_mask);
    CHECK(at::equal(prepared[i].tensor, trained[i].tensor) == of_mask);
  }
  CHECK_THROWS_CODE(attack->prepare(blobs(1, 16, 5), random), ERR_IMAGES_TOO_FEW, "at least 2");
}

TEST(gradients_of_an_input_aware_trigger_reach_its_parameters) {
  const auto attack = make_input_aware({1.0, 0.1, 100, 3}, {3, 16, 16});
  const at::Tensor images = blobs(4, 16, 6);
  const auto gradient_is_there = [&](const at::Tensor& value) {
    value.backward();
    for (const at::Tensor& parameter : attack->parameters()) {
      CHECK(parameter.is_leaf() && parameter.grad().defined());
      // A convolution's bias before a group norm with one image-wide mean per group hardly matters; its weight does.
      if (parameter.dim() == 4) CHECK(parameter.grad().abs().max().item<double>() > 0.0);
      CHECK(std::isfinite(parameter.grad().sum().item<double>()));
      parameter.mutable_grad().reset();
    }
  };
  at::Generator random = make_generator(9);
  gradient_is_there((attack->apply(images) * images).sum());
  gradient_is_there((attack->apply_cross(images, random) * images).sum());
  gradient_is_there(attack->loss(images, random));
  // Images that are all the same have patterns that are all the same: no infinite slope there.
  const at::Tensor same = attack->loss(images.slice(0, 0, 1).expand({4, 3, 16, 16}), random);
  same.backward();
  for (const at::Tensor& parameter : attack->parameters()) CHECK(std::isfinite(parameter.grad().sum().item<double>()));
}

TEST(the_diversity_loss_makes_patterns_differ) {
  const auto attack = make_input_aware({1.0, 0.1, 100, 3}, {3, 16, 16});
  at::Generator random = make_generator(9);
  torch::optim::Adam optimiser(attack->parameters(), torch::optim::AdamOptions(5e-3));
  const at::Tensor images = blobs(8, 16, 6);
  const double before = attack->loss(images, random).item<double>();
  for (int step = 0; step < 40; ++step) {
    optimiser.zero_grad();
    attack->loss(images, random).backward();
    optimiser.step();
  }
  CHECK(attack->loss(images, random).item<double>() < 0.8 * before);
  CHECK(!attack->loss(images.slice(0, 0, 1), random).defined());
  CHECK(!make_input_aware({0.0, 0.1, 100, 3}, {3, 16, 16})->loss(images, random).defined());
}

TEST(restoring_keeps_the_parameters_that_an_optimiser_holds) {
  const auto attack = make_input_aware({1.0, 0.1, 100, 3}, {3, 16, 16});
  attack->to(at::kCPU);
  const at::Tensor held = attack->parameters()[0];
  attack->restore(make_input_aware({1.0, 0.1, 100, 4}, {3, 16, 16})->state());
  CHECK(held.is_same(attack->parameters()[0]) && held.requires_grad());
  CHECK(at::equal(held, make_input_aware({1.0, 0.1, 100, 4}, {3, 16, 16})->parameters()[0]));
}
