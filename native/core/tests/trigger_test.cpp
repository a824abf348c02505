// Trigger generators and the way from an image to a model's input.
#include <ATen/core/grad_mode.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/ones_like.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/rand.h>

#include <utility>

#include "model/pixel_transform.h"
#include "subjects.h"
#include "tensor/device.h"
#include "tensor/random.h"
#include "trigger/trigger_generator.h"

using namespace drmguard;
using namespace drmguard::check;

namespace {

std::unique_ptr<TriggerGenerator> pattern(const std::vector<std::optional<Patch>>& patches, int64_t side) {
  std::vector<TriggerStart> starts;
  for (const std::optional<Patch>& patch : patches) starts.push_back({patch, {}});
  return make_trigger_generator(TriggerFamily::additive_pattern, {static_cast<int64_t>(patches.size()), 3, side, side},
                                starts, 1, at::kCPU);
}

/// Moves every parameter, so that the starts differ from each other and from the identity.
void disturb(TriggerGenerator& generator) {
  at::NoGradGuard no_grad;
  at::Generator random = make_generator(5);
  for (at::Tensor parameter : generator.parameters()) {
    parameter.add_(0.3 * (at::rand(parameter.sizes(), random, parameter.options().requires_grad(false)) - 0.5));
  }
}

}  // namespace

TEST(a_patch_start_leaves_exactly_its_colour_on_any_image) {
  const at::Tensor images = patterned_images(6, 10);
  const auto generator = pattern({std::nullopt, Patch{2, 3, 4, {1.0, 0.0, 1.0}}}, 10);
  const at::Tensor triggered = generator->apply(images, 0, 2);
  CHECK(triggered.sizes() == at::IntArrayRef({2, 6, 3, 10, 10}));
  CHECK(at::equal(triggered[0], images));
  at::Tensor expected = images.clone();
  const std::vector<double> colour = {1.0, 0.0, 1.0};
  for (int64_t channel = 0; channel < 3; ++channel) {
    expected.select(1, channel).slice(1, 2, 6).slice(2, 3, 7).fill_(colour[static_cast<size_t>(channel)]);
  }
  CHECK_ALL_NEAR(numbers(triggered[1]), numbers(expected), 1e-6);
}

TEST(a_patch_that_does_not_fit_is_refused) {
  CHECK_THROWS_CODE(pattern({Patch{7, 0, 4, {1, 1, 1}}}, 10), ERR_CONFIG, "does not fit");
  CHECK_THROWS_CODE(pattern({Patch{-1, 0, 4, {1, 1, 1}}}, 10), ERR_CONFIG, "does not fit");
  CHECK_THROWS_CODE(pattern({Patch{0, 0, 4, {1}}}, 10), ERR_CONFIG, "does not fit");
}

// Mitigation mixes two triggered images and calls that the mixed image with its trigger.
TEST(two_triggered_images_mixed_are_the_mixed_image_triggered) {
  at::NoGradGuard no_grad;
  // Far from black and white, so that nothing is clipped.
  const at::Tensor images = 0.4 + 0.2 * patterned_images(6, 10);
  const at::Tensor others = images.flip(0);
  const at::Tensor mixed = 0.7 * images + 0.3 * others;
  const Patch patch{2, 3, 4, {1.0, 0.0, 1.0}};
  const Wave wave{3.0, 1.0, 0.5};
  for (const auto& [family, start] : {std::pair{TriggerFamily::additive_pattern, TriggerStart{}},
                                      std::pair{TriggerFamily::smooth_warp, TriggerStart{}},
                                      std::pair{TriggerFamily::patch, TriggerStart{patch, {}}},
                                      std::pair{TriggerFamily::wave, TriggerStart{{}, wave}}}) {
    const auto generator = make_trigger_generator(family, {1, 3, 10, 10}, {start}, 1, at::kCPU);
    disturb(*generator);
    const at::Tensor expected = 0.7 * generator->apply(images, 0, 1) + 0.3 * generator->apply(others, 0, 1);
    const at::Tensor triggered = generator->apply(mixed, 0, 1)[0];
    CHECK_ALL_NEAR(numbers(triggered), numbers(expected[0]), 1e-5);
    CHECK((triggered - mixed).abs().max().item<double>() > 0.01);
  }
}

TEST(the_gradient_passes_straight_through_the_clamp) {
  const at::Tensor images = patterned_images(5, 6);
  const auto generator = pattern({Patch{0, 0, 6, {1.0, 1.0, 1.0}}}, 6);
  const at::Tensor weights = patterned_images(5, 6, 31);
  // Every pixel is saturated; without the straight way the gradient would be zero.
  (generator->apply(images, 0, 1)[0] * weights).sum().backward();
  CHECK_ALL_NEAR(numbers(generator->parameters()[0].grad()[0]), numbers(weights.sum(0)), 1e-5);
}

TEST(projection_brings_the_pattern_back_into_range) {
  const auto generator = pattern({std::nullopt}, 4);
  at::Tensor parameter = generator->parameters()[0];
  {
    at::NoGradGuard no_grad;
    parameter.fill_(0.25);
    parameter.select(1, 0).fill_(1.5);
    parameter.select(1, 1).fill_(-7.0);
  }
  generator->project();
  CHECK_NEAR(parameter.select(1, 0).min().item<double>(), 1.0, 0.0);
  CHECK_NEAR(parameter.select(1, 1).max().item<double>(), -1.0, 0.0);
  CHECK_NEAR(parameter.select(1, 2).mean().item<double>(), 0.25, 1e-7);
  CHECK(parameter.requires_grad());
}

TEST(the_encoder_decoder_starts_at_the_identity) {
  // An odd side: the decoder must come back to it.
  const at::Tensor images = patterned_images(3, 13);
  const auto generator = make_trigger_generator(TriggerFamily::encoder_decoder, {2, 3, 13, 13}, {}, 9, at::kCPU);
  const at::Tensor triggered = generator->apply(images, 0, 2);
  CHECK(at::equal(triggered[0], images));
  CHECK(at::equal(triggered[1], images));
}

TEST(starts_are_independent_of_each_other) {
  const at::Tensor images = patterned_images(3, 12);
  for (TriggerFamily family : kFamilies) {
    const std::vector<TriggerStart> none(3);
    const auto generator = make_trigger_generator(family, {3, 3, 12, 12}, none, 9, at::kCPU);
    disturb(*generator);
    const at::Tensor together = generator->apply(images, 0, 3);
    CHECK(together.min().item<double>() >= 0.0 && together.max().item<double>() <= 1.0);
    for (int64_t start = 0; start < 3; ++start) {
      const at::Tensor alone = generator->apply(images, start, 1)[0];
      CHECK_NEAR((alone - together[start]).abs().max().item<double>(), 0.0, 1e-5);
    }
    CHECK((together[0] - together[1]).abs().max().item<double>() > 0.01);
  }
}

TEST(a_warp_without_displacement_is_the_identity_and_costs_nothing) {
  const at::Tensor images = patterned_images(2, 12);
  const auto generator = make_trigger_generator(TriggerFamily::smooth_warp, {2, 3, 12, 12}, {}, 1, at::kCPU);
  const at::Tensor warped = generator->apply(images, 0, 2);
  for (int64_t start = 0; start < 2; ++start) CHECK_ALL_NEAR(numbers(warped[start]), numbers(images), 1e-5);
  CHECK_ALL_NEAR(numbers(generator->own_cost(0, 2)), (std::vector<double>{0, 0}), 0.0);
}

TEST(a_warp_by_whole_pixels_fetches_their_neighbours) {
  // Wider than high: the two axes must not be mixed up.
  const at::Tensor images = at::rand({2, 3, 9, 15}, make_generator(3));
  const auto generator = make_trigger_generator(TriggerFamily::smooth_warp, {1, 3, 9, 15}, {}, 1, at::kCPU);
  {
    at::NoGradGuard no_grad;
    generator->parameters()[0].select(1, 0).fill_(2.0);   // x
    generator->parameters()[0].select(1, 1).fill_(-1.0);  // y
  }
  const at::Tensor warped = generator->apply(images, 0, 1)[0];
  // Away from the borders, where the last pixels repeat.
  const at::Tensor inside = warped.slice(2, 1, 9).slice(3, 0, 13);
  CHECK_ALL_NEAR(numbers(inside), numbers(images.slice(2, 0, 8).slice(3, 2, 15)), 1e-4);
  CHECK_ALL_NEAR(numbers(warped.select(2, 0).slice(2, 0, 13)), numbers(images.select(2, 0).slice(2, 2, 15)), 1e-4);
  // Mean of |2| and |−1| pixels, in shorter sides less one.
  CHECK_NEAR(generator->own_cost(0, 1).item<double>(), 1.5 / 8.0, 1e-6);
}

TEST(an_image_is_triggered_alike_in_any_batch) {
  const at::Tensor images = patterned_images(4, 12);
  const auto generator = make_trigger_generator(TriggerFamily::encoder_decoder, {1, 3, 12, 12}, {}, 9, at::kCPU);
  disturb(*generator);
  const at::Tensor all = generator->apply(images, 0, 1)[0];
  const at::Tensor last = generator->apply(images.narrow(0, 3, 1), 0, 1)[0];
  CHECK_NEAR((all.narrow(0, 3, 1) - last).abs().max().item<double>(), 0.0, 1e-5);
}

TEST(a_pixel_transform_reorders_scales_and_normalises) {
  const at::Tensor images = patterned_images(2, 3);
  PixelTransform transform;
  CHECK(at::equal(transform.apply(images), images));
  transform = {true, 255.0, {10.0, 20.0, 30.0}, {2.0, 4.0, 5.0}};
  const at::Tensor expected = at::stack({(images.select(1, 2) * 255 - 10) / 2, (images.select(1, 1) * 255 - 20) / 4,
                                         (images.select(1, 0) * 255 - 30) / 5},
                                        1);
  CHECK_ALL_NEAR(numbers(transform.apply(images)), numbers(expected), 1e-4);
  const at::Tensor leaf = images.clone().set_requires_grad(true);
  transform.apply(leaf).sum().backward();
  // Channel order is the model's: the picture's blue is the model's first channel.
  CHECK_NEAR(leaf.grad().select(1, 2).max().item<double>(), 127.5, 1e-3);
  CHECK_NEAR(leaf.grad().select(1, 0).min().item<double>(), 51.0, 1e-3);
  transform = {false, 1.0, {0.5}, {0.25}};
  CHECK_ALL_NEAR(numbers(transform.apply(images)), numbers(images * 4 - 2), 1e-5);
}

TEST(the_cpu_is_always_there_and_unknown_devices_are_refused) {
  const std::vector<DeviceFacts> devices = list_devices();
  CHECK(!devices.empty() && devices[0].device == "cpu" && devices[0].available);
  for (const DeviceFacts& facts : devices) CHECK(!facts.detail.empty());
  CHECK(require_device("cpu").is_cpu());
  CHECK_THROWS_CODE(require_device("quantum:0"), ERR_DEVICE, "quantum:0");
  CHECK_THROWS_CODE(require_device("meta"), ERR_DEVICE, "meta");
  CHECK_THROWS_CODE(require_device("cuda:999"), ERR_DEVICE, "cuda:999");
}
