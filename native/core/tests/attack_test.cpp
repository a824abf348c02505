// Backdoor attacks: what their triggers are, against Python torch (scripts/fixtures/make_attack_reference.py), and what
// a training relies on.
#include <ATen/core/grad_mode.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/full.h>
#include <ATen/ops/zeros.h>

#include "../../../test/fixtures/attacks/reference.h"
#include "attack_subjects.h"

using namespace drmguard;
using namespace drmguard::check;

TEST(badnets_changes_its_square_and_nothing_else) {
  const at::Tensor images = pictures(3);
  const at::Tensor stamped = make_badnets(chequered(), kShape)->apply(images);
  const BadNetsSpec spec = chequered();
  at::Tensor expected = images.clone();
  for (int64_t row = 0; row < 4; ++row) {
    for (int64_t column = 0; column < 4; ++column) {
      for (int64_t channel = 0; channel < 3; ++channel) {
        const auto& colour = spec.colours[(row + column) % 2 == 0 ? 0 : 1];
        const double value = colour[static_cast<size_t>(channel)];
        expected.select(1, channel).select(1, 2 + row).select(1, 3 + column).fill_(value);
      }
    }
  }
  CHECK(at::equal(stamped, expected));
  // Down to the last row and column; one colour is not chequered.
  const at::Tensor corner = make_badnets({5, 7, 3, {{1, 1, 1}}}, kShape)->apply(images);
  CHECK_NEAR(corner.slice(2, 5).slice(3, 7).min().item<double>(), 1.0, 0.0);
  CHECK(at::equal(corner.slice(2, 0, 5), images.slice(2, 0, 5)));
  CHECK(at::equal(pictures(3), images));
}

TEST(blended_equals_torchs_interpolation) {
  const auto attack = make_blended({0.3, 4, 1}, kShape);
  attack->restore({{"grid", floats(reference::kBlendGrid, {3, 4, 4})}});
  CHECK_ALL_NEAR(numbers(attack->apply(pictures(2))), reference::kBlended, 1e-6);
}

TEST(wanet_equals_torchs_sampling) {
  const auto attack = make_wanet({3, 1.5, 1}, kShape);
  attack->restore({{"flow", floats(reference::kFlow, {2, 3, 3})}});
  CHECK_ALL_NEAR(numbers(attack->apply(pictures(2))), reference::kWarped, 1e-5);
}

TEST(clean_label_equals_the_stripes_formula) {
  const auto attack = make_clean_label({0.2, 2.5, 1}, kShape);
  attack->restore({{"phase", floats({1.25}, {1})}, {"angle", floats({0.625}, {1})}});
  CHECK_ALL_NEAR(numbers(attack->apply(pictures(2))), reference::kStriped, 1e-6);
}

TEST(wanets_drawn_flow_has_mean_size_one) {
  for (uint64_t seed : {1, 2, 3}) {
    const at::Tensor flow = make_wanet({7, 1.0, seed}, kShape)->state()[0].tensor;
    CHECK_NEAR(flow.abs().mean().item<double>(), 1.0, 1e-6);
    CHECK(flow.min().item<double>() < 0.0);
  }
}

TEST(every_trigger_stays_in_range_and_treats_each_image_alone) {
  const at::Tensor images = pictures(6);
  for (const Made& made : all_attacks()) {
    at::NoGradGuard no_grad;
    const auto attack = made.make(4);
    const at::Tensor stamped = attack->apply(images);
    CHECK(stamped.sizes() == images.sizes());
    CHECK(stamped.min().item<double>() >= 0.0 && stamped.max().item<double>() <= 1.0);
    CHECK(largest_difference(stamped, images) > 0.05);
    const at::Tensor others = at::cat({images.slice(0, 2, 3), images.slice(0, 0, 1)});
    CHECK_ALL_NEAR(numbers(attack->apply(others)[0]), numbers(stamped[2]), 1e-6);
    CHECK(at::equal(images, pictures(6)));
  }
}

TEST(a_trigger_is_its_seeds) {
  const at::Tensor images = pictures(3);
  for (const Made& made : all_attacks()) {
    at::NoGradGuard no_grad;
    const at::Tensor first = made.make(4)->apply(images);
    CHECK(at::equal(made.make(4)->apply(images), first));
    const bool drawn = std::string(made.name) != "badnets";
    CHECK((largest_difference(made.make(5)->apply(images), first) > 0.01) == drawn);
  }
}

TEST(a_restored_state_repeats_the_trigger) {
  const at::Tensor images = pictures(3);
  for (const Made& made : all_attacks()) {
    at::NoGradGuard no_grad;
    const auto source = made.make(4);
    const auto copy = made.make(5);
    NamedTensors state = source->state();
    copy->restore(state);
    const at::Tensor expected = source->apply(images);
    CHECK(at::equal(copy->apply(images), expected));
    // A state is a copy: what happens to it later does not reach the attack.
    for (NamedTensor& entry : state) entry.tensor.zero_();
    CHECK(at::equal(copy->apply(images), expected));
    CHECK(at::equal(source->apply(images), expected));
  }
}

TEST(cross_images_carry_another_trigger) {
  const at::Tensor images = blobs(6, 16, 3);
  for (const auto& attack : {std::shared_ptr<Attack>(make_wanet({5, 1.0, 2}, {3, 16, 16})),
                             std::shared_ptr<Attack>(make_input_aware({1.0, 0.1, 100, 2}, {3, 16, 16}))}) {
    at::NoGradGuard no_grad;
    CHECK(attack->has_cross() && attack->selection() == PoisonSelection::every_batch);
    at::Generator random = make_generator(8);
    const at::Tensor cross = attack->apply_cross(images, random);
    const at::Tensor stamped = attack->apply(images);
    CHECK(cross.min().item<double>() >= 0.0 && cross.max().item<double>() <= 1.0);
    for (int64_t row = 0; row < 6; ++row) {
      CHECK(largest_difference(cross[row], stamped[row]) > 1e-3);
      CHECK(largest_difference(cross[row], images[row]) > 1e-3);
    }
    bool drawn_anew = false;
    for (int draw = 0; draw < 10; ++draw) drawn_anew |= !at::equal(attack->apply_cross(images, random), cross);
    CHECK(drawn_anew);
    at::Generator same = make_generator(8);
    CHECK(at::equal(attack->apply_cross(images, same), cross));
    // A batch of one has nobody to take a trigger from, and must still not get its own.
    CHECK(largest_difference(attack->apply_cross(images.slice(0, 0, 1), random)[0], stamped[0]) > 1e-3);
  }
}

TEST(wanets_noise_moves_pixels_by_up_to_half_a_pixel) {
  // On a ramp, colour is place: the noise of a coordinate is uniform in ±1/side of the half side.
  const int64_t side = 64;
  const at::Tensor ramp = at::arange(side, at::TensorOptions().dtype(at::kFloat)).div(side - 1.0);
  const at::Tensor images = ramp.expand({4, 3, side, side});
  const auto attack = make_wanet({8, 1.0, 2}, {3, side, side});
  at::Generator random = make_generator(8);
  // Away from the border, where the clamp to the image would cut.
  const auto inner = [](const at::Tensor& tensor) { return tensor.slice(2, 4, 60).slice(3, 4, 60); };
  const at::Tensor moved = inner(attack->apply_cross(images, random) - attack->apply(images)) * (side - 1.0);
  const double bound = 0.5 * (side - 1.0) / side;
  CHECK(moved.abs().max().item<double>() <= bound + 1e-3);
  CHECK_NEAR(moved.mean().item<double>(), 0.0, 0.01);
  CHECK_NEAR(moved.square().mean().item<double>(), bound * bound / 3, 0.003);
  CHECK(!at::equal(moved[0], moved[1]));
}

TEST(attacks_without_cross_triggers_say_so) {
  at::Generator random = make_generator(1);
  for (const Made& made : {all_attacks()[0], all_attacks()[1], all_attacks()[2]}) {
    const auto attack = made.make(1);
    CHECK(!attack->has_cross() && attack->parameters().empty());
    CHECK(!attack->loss(pictures(2), random).defined());
    CHECK_THROWS_CODE(attack->apply_cross(pictures(2), random), ERR_INTERNAL, "must not work");
  }
  CHECK(all_attacks()[0].make(1)->selection() == PoisonSelection::fixed_subset);
  CHECK(all_attacks()[1].make(1)->selection() == PoisonSelection::fixed_subset);
  CHECK(all_attacks()[2].make(1)->selection() == PoisonSelection::nearest_labels);
}

TEST(only_clean_label_trains_on_something_else) {
  const at::Tensor images = pictures(3);
  for (const Made& made : all_attacks()) {
    at::NoGradGuard no_grad;
    const auto attack = made.make(4);
    at::Generator random = make_generator(8);
    const at::Tensor shown = attack->apply_in_training(images, random, at::zeros({2, 3, 8, 10}));
    CHECK(at::equal(shown, attack->apply(images)) == (std::string(made.name) != "clean label"));
  }
}

TEST(clean_label_hides_the_content_behind_the_batch) {
  CleanLabelSpec spec{0.2, 2.5, 4};
  spec.concealment = 0.75;
  const auto attack = make_clean_label(spec, kShape);
  const at::Tensor images = pictures(3);
  at::Generator random = make_generator(8);
  // Every image of the batch is the same grey, so whichever is drawn, the blend is known.
  const at::Tensor grey = at::full({5, 3, 8, 10}, 0.5);
  CHECK_ALL_NEAR(numbers(attack->apply_in_training(images, random, grey)),
                 numbers(attack->apply(images * 0.25 + 0.375)), 1e-6);
  // Drawn for every image by itself.
  const at::Tensor batch = at::cat({grey * 0.2, grey * 1.6, grey});
  const at::Tensor many = grey[0].expand({40, 3, 8, 10});
  const at::Tensor shown = attack->apply_in_training(many, random, batch).mean({1, 2, 3});
  CHECK(shown.max().item<double>() - shown.min().item<double>() > 0.3);
  // Left out, the images themselves are the batch.
  const at::Tensor alone = attack->apply_in_training(images.slice(0, 0, 1), random);
  CHECK_ALL_NEAR(numbers(alone), numbers(attack->apply(images.slice(0, 0, 1))), 1e-6);
  spec.concealment = 0.0;
  CHECK(at::equal(make_clean_label(spec, kShape)->apply_in_training(images, random, grey), attack->apply(images)));
}

TEST(triggers_fit_images_of_any_shape) {
  for (const ImageShape& shape : {ImageShape{1, 9, 17}, ImageShape{3, 21, 8}, ImageShape{4, 64, 48}}) {
    at::NoGradGuard no_grad;
    const at::Tensor images = pictures(2, shape);
    const std::vector<double> colour(static_cast<size_t>(shape.channels), 1.0);
    CHECK(make_badnets({0, 0, 8, {colour}}, shape)->apply(images).sizes() == images.sizes());
    CHECK(make_blended({0.1, 6, 1}, shape)->apply(images).sizes() == images.sizes());
    CHECK(make_clean_label({0.1, 4, 1}, shape)->apply(images).sizes() == images.sizes());
    CHECK(make_input_aware({1, 0.1, 100, 1}, shape)->apply(images).sizes() == images.sizes());
    CHECK(make_wanet({6, 1.0, 1}, shape)->apply(images).sizes() == images.sizes());
  }
}
