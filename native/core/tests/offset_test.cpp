// Backdoors that move all outputs by one offset, and what an inversion tells beyond its outcomes.
#include <ATen/core/grad_mode.h>
#include <ATen/ops/full.h>

#include "inversion/inversion.h"
#include "planted_backdoor.h"
#include "probe/probe_sweep.h"

using namespace drmguard;
using namespace drmguard::check;

namespace {

Patch square(int64_t top, int64_t left, double grey) { return {top, left, 4, {grey, grey, grey}}; }

/// Nearly as far from the mean as the planted offset is long.
InversionStart far_away(const Session& session, const Patch& patch) {
  InversionStart start;
  start.target = numbers(session.output_scale().mean + 0.9 * floats(kPlantedOffset, {2}));
  start.walk = Walk::outward;
  start.trigger.patch = patch;
  return start;
}

/// Of the planted one: root mean square over the outputs, in benign deviations.
double offset_length(const Session& session) {
  return (floats(kPlantedOffset, {2}).square() / session.output_scale().variance).mean().sqrt().item<double>();
}

InversionPlan offset_plan(std::vector<InversionStart> starts, int64_t steps, double rate) {
  InversionPlan plan;
  plan.family = TriggerFamily::patch;
  plan.objective = CollapseObjective{0.02, Effect::offset};
  plan.starts = std::move(starts);
  plan.steps = steps;
  plan.batch_size = 8;
  plan.learning_rate = rate;
  plan.seed = 3;
  return plan;
}

InversionResult run(const Session& session, const InversionPlan& plan) {
  return invert(session, plan, [](const InversionProgress&) {}, kNeverCancelled);
}

}  // namespace

TEST(the_content_of_a_square_finds_a_planted_offset) {
  const Session session = soft_patch_session(Effect::offset);
  const InversionPlan plan = offset_plan({far_away(session, square(5, 6, 0.5)), far_away(session, square(0, 0, 0.5))}, 60, 0.1);
  const InversionOutcome outcome = run(session, plan).outcomes[0];
  const std::vector<double> mean = numbers(session.output_scale().mean);
  for (size_t output = 0; output < 2; ++output) {
    // Up to 1.3 of it is what any content does to the linear function.
    CHECK_NEAR(outcome.target[output] - mean[output], kPlantedOffset[output], 1.3);
  }
  const double length = offset_length(session);
  CHECK(outcome.collapse < 0.05 * length * length);
  // The outputs themselves keep their variance, which is why a fixed target is not found.
  InversionPlan fixed = plan;
  fixed.objective = CollapseObjective{};
  CHECK(run(session, fixed).outcomes[0].collapse > 0.3);
}

TEST(a_trigger_that_does_nothing_is_as_far_from_an_offset_as_that_is_long) {
  const Session session = soft_patch_session(Effect::offset);
  InversionPlan plan = offset_plan({far_away(session, square(0, 0, 0.5))}, 1, 1e-9);
  plan.starts[0].trigger.content = session.images()[3].slice(1, 0, 4).slice(2, 0, 4).clone();
  const double least = 0.9 * offset_length(session);
  CHECK_NEAR(run(session, plan).outcomes[0].collapse / (least * least), 1.0, 0.15);
}

TEST(the_probe_sweep_finds_a_planted_offset) {
  const Session session = soft_patch_session(Effect::offset);
  const auto probe = [&](std::optional<double> least) {
    return probe_sweep(session, {8, {3, 4}, 2, least, 1, 1}, [](int64_t, int64_t) {}, kNeverCancelled);
  };
  const double least = 0.9 * offset_length(session);
  const ProbedPatch best = probe(least).best.at(0);
  CHECK(best.patch.top <= 6 && best.patch.top + best.patch.size >= 9);
  CHECK(best.patch.left <= 7 && best.patch.left + best.patch.size >= 10);
  CHECK(best.patch.colour == (std::vector<double>{1, 1, 1}));
  CHECK_NEAR(best.reading.shift / least, 1.0, 0.3);
  CHECK_NEAR(best.reading.shift_variance / (least * least), 0.0, 0.1);
  CHECK_THROWS_CODE(probe(0.0), ERR_CONFIG, "least offset");
}

TEST(a_patch_goes_on_from_the_content_that_it_is_given) {
  const Session session = soft_patch_session();
  InversionPlan plan = offset_plan({far_away(session, square(5, 6, 0.0))}, 1, 1e-9);
  plan.objective = CollapseObjective{};
  plan.starts[0].trigger.content = at::full({3, 4, 4}, 0.875F);
  plan.samples = {2};
  const InversionResult result = run(session, plan);
  CHECK(at::allclose(result.outcomes[0].content, plan.starts[0].trigger.content));
  CHECK_NEAR(result.triggered_samples[0][1][6][8].item<double>(), 0.875, 1e-6);
}

TEST(outputs_are_those_of_the_best_start_on_the_images_and_on_others) {
  const Session session = soft_patch_session();
  InversionPlan plan = offset_plan({far_away(session, square(0, 0, 0.5)), far_away(session, square(5, 6, 0.5))}, 40, 0.1);
  plan.objective = CollapseObjective{};
  plan.others = at::full({3, 3, kPlantedSide, kPlantedSide}, 0.25F);
  const InversionResult result = run(session, plan);
  CHECK(result.best == 1);
  CHECK(result.outputs.sizes() == session.benign_outputs().sizes());
  CHECK_ALL_NEAR(numbers(result.outputs.mean(0)), result.outcomes[1].output_mean, 1e-5);
  // Equal images, equal answers: the planted trigger works on a picture that no model saw.
  CHECK(result.other_outputs.size(0) == 3 && result.other_outputs[0].equal(result.other_outputs[2]));
  CHECK_ALL_NEAR(numbers(result.other_outputs[0]), kPlantedTarget, 0.1);
  plan.others = at::full({3, 3, kPlantedSide, 2}, 0.25F);
  CHECK_THROWS_CODE(run(session, plan), ERR_CONFIG, "session's size");
}

TEST(images_that_are_held_out_play_no_part) {
  const Session session = soft_patch_session();
  InversionPlan plan = offset_plan({far_away(session, square(5, 6, 0.5))}, 12, 0.1);
  plan.objective = CollapseObjective{};
  plan.held_out = session.images().size(0) - 4;
  const at::Tensor seen = run(session, plan).outcomes[0].content;
  plan.held_out = session.images().size(0) - 1;
  CHECK_THROWS_CODE(run(session, plan), ERR_CONFIG, "held out");
  plan.held_out = 0;
  CHECK(!at::allclose(run(session, plan).outcomes[0].content, seen));
}

TEST(an_inversion_without_hope_ends_halfway) {
  const Session session = soft_patch_session();
  InversionPlan plan = offset_plan({far_away(session, square(0, 0, 0.5))}, 20, 0.1);
  plan.objective = CollapseObjective{};
  plan.starts[0].target.reset();
  plan.starts[0].walk = Walk::still;
  plan.hopeless_collapse = 0.05;
  const InversionResult early = run(session, plan);
  CHECK(early.hopeless && early.curve.back().step == 10);
  plan.starts[0].trigger.patch = square(5, 6, 0.9);
  plan.steps = 60;
  const InversionResult full = run(session, plan);
  CHECK(!full.hopeless && full.curve.back().step == 60);
  plan.hopeless_collapse = -1.0;
  CHECK_THROWS_CODE(run(session, plan), ERR_CONFIG, "hopeless");
}
