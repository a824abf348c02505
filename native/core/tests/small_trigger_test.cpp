// Triggers that are small by themselves: patches and stripes, and the inversion that only collapses.
#include <ATen/ops/cat.h>
#include <ATen/ops/ones.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "probe/innocent_content.h"
#include "small_triggers.h"

using namespace drmguard;
using namespace drmguard::check;

namespace {

std::unique_ptr<TriggerGenerator> one(TriggerFamily family, TriggerStart start) {
  return make_trigger_generator(family, {1, 3, kPlantedSide, kPlantedSide}, {std::move(start)}, 5, at::kCPU);
}

}  // namespace

TEST(a_patch_changes_its_square_alone) {
  const at::Tensor images = patterned_images(4, kPlantedSide);
  const auto generator = one(TriggerFamily::patch, {grey_square(2, 5, 4), {}});
  {
    at::NoGradGuard no_grad;
    generator->parameters()[0].add_(9.0);
    generator->project();
  }
  const at::Tensor stamped = generator->apply(images, 0, 1)[0];
  at::Tensor expected = images.clone();
  expected.narrow(2, 2, 4).narrow(3, 5, 4).fill_(1.0);
  CHECK(stamped.equal(expected));
}

TEST(a_wave_is_a_sine_of_bounded_amplitude) {
  const at::Tensor images = at::ones({2, 3, kPlantedSide, kPlantedSide}) * 0.5;
  const auto generator = one(TriggerFamily::wave, {{}, kPlantedWave});
  const at::Tensor added = generator->apply(images, 0, 1)[0] - images;
  for (const auto& [row, column] : {std::pair<int64_t, int64_t>{0, 0}, {3, 7}, {11, 2}}) {
    const double angle = 2.0 * std::numbers::pi * (3.0 * static_cast<double>(column) + 2.0 * static_cast<double>(row)) / 12.0 + 0.7;
    CHECK_NEAR(added[1][2][row][column].item<double>(), 0.25 * std::sin(angle), 1e-5);
  }
  at::NoGradGuard no_grad;
  generator->parameters()[1].mul_(7.0);
  generator->project();
  CHECK((generator->apply(images, 0, 1)[0] - images).abs().max().item<double>() <= kWaveAmplitude + 1e-5);
}

TEST(small_triggers_need_their_place) {
  CHECK_THROWS_CODE(one(TriggerFamily::patch, {}), ERR_CONFIG, "a patch for every start");
  CHECK_THROWS_CODE(one(TriggerFamily::wave, {}), ERR_CONFIG, "a wave for every start");
  CHECK_THROWS_CODE(one(TriggerFamily::patch, {grey_square(9, 0, 4), {}}), ERR_CONFIG, "does not fit");
  CHECK_THROWS_CODE(one(TriggerFamily::patch, {Patch{0, INT64_MAX, 4, {0, 0, 0}}, {}}), ERR_CONFIG, "does not fit");
}

TEST(the_content_of_a_square_finds_a_planted_patch) {
  const Session session = soft_patch_session();
  const InversionResult result =
      collapsed(session, TriggerFamily::patch,
                {outward(session, {grey_square(0, 0, 4), {}}), outward(session, {grey_square(5, 6, 4), {}})}, 0.1);
  CHECK(result.best == 1);
  CHECK(result.outcomes[1].collapse < 0.02);
  CHECK(result.outcomes[1].reached);
  CHECK(result.outcomes[0].collapse > 0.3);
  CHECK_ALL_NEAR(result.outcomes[1].target, kPlantedTarget, 0.05);
  // Outside of the square nothing changed.
  const at::Tensor change = (result.triggered_samples - session.images().narrow(0, 1, 1)).abs();
  CHECK_NEAR(change.sum().item<double>(), change.narrow(2, 5, 4).narrow(3, 6, 4).sum().item<double>(), 1e-5);
}

TEST(the_best_start_is_the_deepest_beside_its_reference) {
  const Session session = soft_patch_session();
  InversionStart deep = outward(session, {grey_square(5, 6, 4), {}});
  InversionStart shallow = outward(session, {grey_square(0, 0, 4), {}});
  deep.reference = 1e-6;
  CHECK(collapsed(session, TriggerFamily::patch, {deep, shallow}, 0.1).best == 1);
  shallow.reference = 0.0;
  CHECK_THROWS_CODE(collapsed(session, TriggerFamily::patch, {shallow}, 0.1), ERR_CONFIG, "references above 0");
}

TEST(outcomes_can_be_of_fewer_images) {
  const Session session = soft_patch_session();
  const InversionStart start = outward(session, {grey_square(0, 0, 4), {}});
  const InversionResult few = collapsed(session, TriggerFamily::patch, {start}, 0.1, 8);
  const InversionResult all = collapsed(session, TriggerFamily::patch, {start}, 0.1);
  CHECK(few.outcomes[0].output_mean != all.outcomes[0].output_mean);
  CHECK_THROWS_CODE(collapsed(session, TriggerFamily::patch, {start}, 0.1, 1), ERR_CONFIG, "at least 2");
}

TEST(the_wave_sweep_and_its_inversion_find_planted_stripes) {
  const Session session = striped_session();
  int64_t last = 0;
  const WaveSweepResult sweep = wave_sweep(session, {8, 2.0, 5.0, 3, 1, 1}, [&](int64_t done, int64_t total) {
    CHECK(done > last && done <= total);
    last = done;
  }, kNeverCancelled);
  CHECK(sweep.waves_tried == last && sweep.best.size() == 3);
  CHECK(sweep.best[0].wave.across == 3.0 && sweep.best[0].wave.down == 2.0);
  CHECK(sweep.best[0].reading.variance_ratio < sweep.median_variance_ratio);
  const InversionResult result =
      collapsed(session, TriggerFamily::wave, {outward(session, {{}, sweep.best[0].wave})}, 0.02);
  CHECK(result.outcomes[0].collapse < 0.02);
  CHECK_ALL_NEAR(result.outcomes[0].target, kPlantedTarget, 0.05);
}

TEST(waves_that_are_kept_are_read_on_four_times_the_images) {
  // 48 in all: a sweep of 12 and one of all of them read what they keep on the same images.
  const Session session = striped_session();
  const auto swept = [&](int64_t images) {
    return wave_sweep(session, {images, 2.0, 5.0, 3, 1, 1}, [](int64_t, int64_t) {}, kNeverCancelled).best;
  };
  const ProbedWave few = swept(12).at(0);
  const ProbedWave all = swept(48).at(0);
  CHECK(few.wave.across == all.wave.across && few.wave.down == all.wave.down && few.wave.phase == all.wave.phase);
  CHECK_NEAR(few.reading.variance_ratio, all.reading.variance_ratio, 1e-6);
  CHECK_NEAR(few.reading.shift, all.reading.shift, 1e-5);
}

TEST(wave_sweeps_out_of_range_are_refused) {
  const Session session = striped_session();
  const auto refused = [&](const WaveSweepPlan& plan) {
    CHECK_THROWS_CODE(wave_sweep(session, plan, [](int64_t, int64_t) {}, kNeverCancelled), ERR_CONFIG, "frequencies");
  };
  refused({1, 2.0, 5.0, 3, 1, 1});
  refused({4, 2.0, 1e9, 3, 1, 1});
  refused({4, 4.25, 4.4, 3, 1, 1});
  refused({4, std::nan(""), 5.0, 3, 1, 1});
  CancelFlag cancelled{true};
  CHECK_THROWS_CODE(wave_sweep(session, {4, 2.0, 5.0, 3, 1, 1}, [](int64_t, int64_t) {}, cancelled), ERR_CANCELLED, "");
}

TEST(innocent_content_collapses_what_a_model_looks_at) {
  // Answers the brightness of one corner: what is put there decides everything.
  at::Tensor left = at::zeros({1, 3, kPlantedSide, kPlantedSide});
  left.narrow(2, 0, 4).narrow(3, 0, 4).fill_(1.0 / 48.0);
  const at::Tensor weights = at::cat({left, left * left}).reshape({2, -1});
  ProgramSpec spec;
  spec.inputs = {"image"};
  spec.constants = {{"weights", weights}};
  spec.nodes = {{"aten::flatten.using_ints", {{"self", SpecArgument{ValueReference{"image"}}}, {"start_dim", c10::IValue(1)}}, {{"flat"}}, false},
                {"aten::linear", {{"input", SpecArgument{ValueReference{"flat"}}}, {"weight", SpecArgument{ValueReference{"weights"}}}}, {{"output"}}, false}};
  spec.outputs = {"output"};
  const Session session = planted_session(load_program_model(spec));
  InnocentContentPlan plan;
  plan.squares = {grey_square(0, 0, 4), grey_square(6, 6, 4), grey_square(0, 2, 4)};
  const std::vector<double> least = innocent_collapses(session, plan, kNeverCancelled);
  CHECK(least.size() == 3);
  CHECK_NEAR(least[0], 0.0, 1e-6);
  CHECK_NEAR(least[1], 1.0, 1e-5);
  CHECK(least[2] > 0.01 && least[2] < 0.9);
  plan.squares = {grey_square(10, 0, 3)};
  CHECK_THROWS_CODE(innocent_collapses(session, plan, kNeverCancelled), ERR_CONFIG, "does not fit");
}
