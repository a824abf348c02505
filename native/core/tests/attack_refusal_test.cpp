// What attacks refuse: specs, states and images that do not fit.
#include <ATen/core/grad_mode.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/zeros.h>

#include "attack_subjects.h"

using namespace drmguard;
using namespace drmguard::check;

TEST(a_state_that_does_not_fit_is_refused_and_changes_nothing) {
  const at::Tensor images = pictures(2);
  for (const Made& made : all_attacks()) {
    at::NoGradGuard no_grad;
    const auto attack = made.make(4);
    const at::Tensor before = attack->apply(images);
    NamedTensors extra = attack->state();
    extra.push_back({"extra", at::zeros({1})});
    CHECK_THROWS_CODE(attack->restore(extra), ERR_CONFIG, "tensors in the attack's state");
    if (attack->state().empty()) continue;
    CHECK_THROWS_CODE(attack->restore({}), ERR_CONFIG, "tensors in the attack's state");
    const auto refuse = [&](const std::function<void(NamedTensor&)>& spoil, const std::string& part) {
      NamedTensors state = attack->state();
      for (NamedTensor& entry : state) entry.tensor = entry.tensor + 0.25;
      spoil(state.back());
      CHECK_THROWS_CODE(attack->restore(state), ERR_CONFIG, part);
      CHECK(at::equal(attack->apply(images), before));
    };
    refuse([](NamedTensor& entry) { entry.name += "x"; }, "it is not there");
    refuse([](NamedTensor& entry) { entry.tensor = at::zeros({2, 1}); }, "with shape");
    refuse([](NamedTensor& entry) { entry.tensor = entry.tensor.to(at::kDouble); }, "as Float");
    refuse([](NamedTensor& entry) { entry.tensor.flatten()[0] = kNotANumber; }, "finite numbers");
    refuse([](NamedTensor& entry) { entry.tensor = at::Tensor(); }, "nothing");
  }
}

TEST(images_of_another_shape_are_refused) {
  at::Generator random = make_generator(1);
  for (const Made& made : all_attacks()) {
    const auto attack = made.make(1);
    CHECK_THROWS_CODE(attack->apply(at::zeros({2, 3, 10, 8})), ERR_CONFIG, "images of 3×8×10");
    CHECK_THROWS_CODE(attack->apply(at::zeros({3, 8, 10})), ERR_CONFIG, "images of 3×8×10");
    CHECK_THROWS_CODE(attack->apply_in_training(at::zeros({2, 1, 8, 10}), random), ERR_CONFIG, "images of 3×8×10");
    if (attack->has_cross()) {
      CHECK_THROWS_CODE(attack->apply_cross(at::zeros({2, 3, 8, 9}), random), ERR_CONFIG, "images of 3×8×10");
    }
  }
}

TEST(patches_out_of_range_are_refused) {
  const auto refuse = [](const BadNetsSpec& spec, const std::string& part) {
    CHECK_THROWS_CODE(make_badnets(spec, kShape), ERR_CONFIG, part);
  };
  const std::vector<double> white = {1, 1, 1};
  for (int64_t top : {int64_t{-1}, int64_t{6}, std::numeric_limits<int64_t>::max()}) {
    refuse({top, 0, 3, {white}}, "inside the image");
  }
  refuse({0, -1, 3, {white}}, "inside the image");
  refuse({0, 8, 3, {white}}, "inside the image");
  refuse({0, 0, 0, {white}}, "no larger than the image");
  refuse({0, 0, 9, {white}}, "no larger than the image");
  refuse({0, 0, 3, {}}, "one or two colours");
  refuse({0, 0, 3, {white, white, white}}, "one or two colours");
  refuse({0, 0, 3, {white, {1, 1}}}, "colours of 3 numbers");
  refuse({0, 0, 3, {{1, 1, 1.01}}}, "colours in [0,1]");
  refuse({0, 0, 3, {{1, -0.01, 1}}}, "colours in [0,1]");
  refuse({0, 0, 3, {{1, kNotANumber, 1}}}, "colours in [0,1]");
}

TEST(specs_out_of_range_are_refused) {
  for (double alpha : {0.0, -0.1, 1.01, kNotANumber}) {
    CHECK_THROWS_CODE(make_blended({alpha, 4, 1}, kShape), ERR_CONFIG, "an alpha");
    CHECK_THROWS_CODE(make_clean_label({alpha, 2, 1}, kShape), ERR_CONFIG, "an amplitude");
    CHECK_THROWS_CODE(make_input_aware({1, alpha, 100, 1}, kShape), ERR_CONFIG, "a density");
  }
  for (int64_t grid : {-1, 0, 1, 1025}) {
    CHECK_THROWS_CODE(make_blended({0.1, grid, 1}, kShape), ERR_CONFIG, "a grid");
    CHECK_THROWS_CODE(make_wanet({grid, 1.0, 1}, kShape), ERR_CONFIG, "a grid");
  }
  for (double frequency : {0.0, -1.0, 5.1, kNotANumber}) {
    CHECK_THROWS_CODE(make_clean_label({0.1, frequency, 1}, kShape), ERR_CONFIG, "a frequency");
  }
  for (double concealment : {-0.1, 1.0, kNotANumber}) {
    CHECK_THROWS_CODE(make_clean_label({0.1, 2, 1, concealment}, kShape), ERR_CONFIG, "a concealment");
  }
  for (double weight : {-1.0, 2e6, kNotANumber}) {
    CHECK_THROWS_CODE(make_input_aware({weight, 0.1, 100, 1}, kShape), ERR_CONFIG, "a diversity weight");
    CHECK_THROWS_CODE(make_input_aware({1, 0.1, weight, 1}, kShape), ERR_CONFIG, "a norm weight");
    CHECK_THROWS_CODE(make_wanet({4, weight, 1}, kShape), ERR_CONFIG, "a strength");
  }
  CHECK_THROWS_CODE(make_input_aware({1, 0.1, 100, 1}, {3, 7, 10}), ERR_CONFIG, "at least 8 pixels");
  for (const ImageShape& shape : {ImageShape{0, 8, 8}, ImageShape{3, 5000, 8}, ImageShape{3, 8, -8}}) {
    CHECK_THROWS_CODE(make_badnets(chequered(), shape), ERR_CONFIG, "from 1 to 4096");
    CHECK_THROWS_CODE(make_blended({0.1, 4, 1}, shape), ERR_CONFIG, "from 1 to 4096");
    CHECK_THROWS_CODE(make_clean_label({0.1, 2, 1}, shape), ERR_CONFIG, "from 1 to 4096");
    CHECK_THROWS_CODE(make_wanet({4, 1.0, 1}, shape), ERR_CONFIG, "from 1 to 4096");
  }
}
