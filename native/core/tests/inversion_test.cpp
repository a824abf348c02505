// Whole inversions.
#include "inversion/inversion.h"

#include <ATen/ops/equal.h>
#include <ATen/ops/full.h>
#include <ATen/ops/upsample_bilinear2d.h>

#include <algorithm>
#include <cmath>

#include "inversion/outcome.h"
#include "reference.h"
#include "subjects.h"

using namespace drmguard;
using namespace drmguard::check;

namespace {

using Progress = std::vector<InversionProgress>;

Session resnet_session(const std::string& device = "cpu") {
  SessionOptions options;
  options.device = device;
  return Session(torchscript("test/fixtures/models/resnet18.trace.pt"), patterned_images(24, 32), options);
}

/// The plan of make_core_reference.py.
InversionPlan short_plan(std::vector<InversionStart> starts) {
  InversionPlan plan;
  plan.starts = std::move(starts);
  plan.steps = 6;
  plan.batch_size = 8;
  plan.seed = 11;
  return plan;
}

InversionResult run(const Session& session, const InversionPlan& plan, Progress* progress = nullptr) {
  const CancelFlag never{false};
  return invert(session, plan, [progress](const InversionProgress& point) {
    if (progress != nullptr) progress->push_back(point);
  }, never);
}

/// Holds a one-start curve against Python's, step by step; rounding grows from step to step.
void check_curve(const InversionResult& result, const std::vector<double>& expected) {
  CHECK(result.curve.size() * 4 == expected.size());
  for (size_t step = 0; step < result.curve.size(); ++step) {
    const InversionProgress& point = result.curve[step];
    const double actual[] = {point.loss[0], point.cost[0], point.collapse[0], point.rav[0]};
    for (size_t term = 0; term < 4; ++term) {
      const double python = expected[step * 4 + term];
      CHECK_NEAR(actual[term], python, 0.01 * std::abs(python) + 1e-6);
    }
  }
}

bool same_numbers(const InversionResult& a, const InversionResult& b) {
  bool same = a.curve.size() == b.curve.size() && a.outcomes.size() == b.outcomes.size() && a.best == b.best;
  same = same && at::equal(a.triggered_samples, b.triggered_samples);
  same = same && at::equal(a.triggered_outputs, b.triggered_outputs);
  for (size_t i = 0; same && i < a.curve.size(); ++i) same = a.curve[i].loss == b.curve[i].loss;
  for (size_t i = 0; same && i < a.outcomes.size(); ++i) {
    same = a.outcomes[i].cost == b.outcomes[i].cost && a.outcomes[i].target == b.outcomes[i].target;
  }
  return same;
}

std::vector<double> forced_target(const Session& session) {
  return numbers(session.output_scale().mean + 0.5 * session.output_scale().variance.sqrt());
}

/// Smooth pictures of little contrast: noise of 4×4 enlarged.
at::Tensor smooth_images(int64_t count, int64_t side) {
  return 0.35 + 0.3 * at::upsample_bilinear2d(patterned_images(count, 4, 7919), {side, side}, false);
}

}  // namespace

TEST(first_steps_of_a_free_collapse_are_pythons) {
  const Session session = resnet_session();
  check_curve(run(session, short_plan({{}})), reference::kFreeCurve);
}

TEST(first_steps_of_a_walking_target_are_pythons) {
  const Session session = resnet_session();
  const InversionResult result = run(session, short_plan({{reference::kWalkStart, Walk::anywhere, {}}}));
  check_curve(result, reference::kWalkCurve);
  CHECK_ALL_NEAR(result.outcomes[0].target, reference::kWalkEnd, 1e-4);
}

TEST(first_steps_of_the_papers_objective_are_pythons) {
  const Session session = resnet_session();
  InversionPlan plan = short_plan({{}});
  PaperObjective paper;
  paper.output_scale = 0.5;
  plan.objective = paper;
  check_curve(run(session, plan), reference::kPaperCurve);
}

TEST(every_form_of_the_papers_objective_runs_to_finite_numbers) {
  const Session session = resnet_session();
  for (AttentionUse use : {AttentionUse::none, AttentionUse::weight, AttentionUse::gate}) {
    for (TriggerFamily family : {TriggerFamily::additive_pattern, TriggerFamily::encoder_decoder}) {
      InversionPlan plan = short_plan({{}, {}});
      plan.family = family;
      PaperObjective paper;
      paper.attention = use;
      paper.lambda1_on_variance = false;
      plan.objective = paper;
      const InversionResult result = run(session, plan);
      for (const InversionOutcome& outcome : result.outcomes) {
        CHECK(std::isfinite(outcome.cost) && outcome.cost > 0.0);
        CHECK(std::isfinite(outcome.rav.at(0)) && std::isfinite(outcome.rnv.at(0)));
        CHECK_NEAR(outcome.multiplier, 20.0, 0.0);
      }
    }
  }
}

TEST(the_papers_objective_needs_a_head) {
  SessionOptions options;
  options.head.output_only = true;
  const Session session(torchscript("test/fixtures/models/no_linear_head.trace.pt"), patterned_images(24, 32), options);
  InversionPlan plan = short_plan({{}});
  const InversionResult constrained = run(session, plan);
  CHECK(constrained.outcomes[0].rav.empty() && constrained.curve[0].rav.empty());
  plan.objective = PaperObjective{};
  CHECK_THROWS_CODE(run(session, plan), ERR_HEAD_NOT_FOUND, "needs the head");
}

TEST(equal_seeds_give_bit_equal_results) {
  const Session session = resnet_session();
  for (TriggerFamily family : kFamilies) {
    InversionPlan plan = short_plan({{}, {forced_target(session), Walk::anywhere, {}}});
    plan.family = family;
    plan.samples = {3, 0};
    const InversionResult first = run(session, plan);
    CHECK(first.triggered_samples.sizes() == at::IntArrayRef({2, 3, 32, 32}));
    CHECK(same_numbers(first, run(resnet_session(), plan)));
    plan.seed = 12;
    CHECK(!same_numbers(first, run(session, plan)));
  }
}

TEST(an_inversion_ends_with_what_it_has_when_its_time_is_up) {
  const Session session = resnet_session();
  InversionPlan plan = short_plan({{}, {forced_target(session), Walk::still, {}}});
  plan.steps = 1'000'000;
  plan.seconds = 1e-6;
  const InversionResult result = run(session, plan);
  CHECK(result.curve.size() == 1 && result.curve[0].step == 1 && result.curve[0].steps == plan.steps);
  CHECK(result.outcomes.size() == 2 && std::isfinite(result.outcomes[1].cost));
  plan.seconds = -1.0;
  CHECK_THROWS_CODE(run(session, plan), ERR_CONFIG, "seconds");
}

TEST(batched_starts_equal_each_start_alone) {
  const Session session = resnet_session();
  const std::vector<InversionStart> starts = {
      {}, {forced_target(session), Walk::still, {}}, {forced_target(session), Walk::anywhere, {Patch{4, 5, 6, {1, 0, 1}}, {}}}};
  const InversionResult together = run(session, short_plan(starts));
  for (size_t start = 0; start < starts.size(); ++start) {
    const InversionResult alone = run(session, short_plan({starts[start]}));
    const InversionOutcome& expected = alone.outcomes[0];
    const InversionOutcome& actual = together.outcomes[start];
    CHECK_NEAR(actual.cost, expected.cost, 0.01 * expected.cost);
    CHECK_NEAR(actual.collapse, expected.collapse, 0.02 * expected.collapse);
    CHECK_ALL_NEAR(actual.target, expected.target, 1e-3);
    CHECK_NEAR(actual.multiplier, expected.multiplier, 0.01 * expected.multiplier);
  }
}

TEST(the_outcome_is_measured_on_what_is_returned) {
  const Session session = resnet_session();
  InversionPlan plan = short_plan({{}});
  for (int64_t i = 0; i < 24; ++i) plan.samples.push_back(i);
  const InversionResult result = run(session, plan);
  const InversionOutcome& outcome = result.outcomes[0];
  const at::Tensor change = (result.triggered_samples - patterned_images(24, 32)).abs();
  CHECK_NEAR(outcome.cost, change.mean().item<double>(), 1e-5);
  CHECK_ALL_NEAR(outcome.output_mean, numbers(result.triggered_outputs.mean(0)), 1e-4);
  const at::Tensor ratio = result.triggered_outputs.var(0, true) / session.output_scale().variance;
  CHECK_ALL_NEAR(outcome.variance_ratio, numbers(ratio), 1e-3);
  CHECK_NEAR(outcome.collapse, ratio.mean().item<double>(), 1e-3);
  CHECK(outcome.target == outcome.output_mean);
}

TEST(a_backdoor_is_inverted_within_the_tolerance) {
  const Session session(torchscript("demo/models/badnets-gaze.pt"), smooth_images(48, 48), {});
  InversionPlan plan;
  plan.starts = {{std::vector<double>{0.44, -0.346}, Walk::still, {Patch{41, 3, 4, {1, 0, 1}}, {}}}, {}};
  plan.steps = 150;
  plan.batch_size = 16;
  plan.samples = {0};
  Progress progress;
  const InversionResult result = run(session, plan, &progress);
  CHECK(progress.size() == result.curve.size() && progress.back().step == 150);
  for (size_t i = 1; i < progress.size(); ++i) CHECK(progress[i].step > progress[i - 1].step);
  for (const InversionOutcome& outcome : result.outcomes) {
    CHECK(outcome.reached == (outcome.collapse <= kReachedSlack * 0.02));
  }
  CHECK(result.outcomes[0].reached);
  CHECK(result.triggered_samples.min().item<double>() >= 0.0 && result.triggered_samples.max().item<double>() <= 1.0);
}

TEST(the_best_start_is_the_cheapest_that_collapsed) {
  const auto with = [](double cost, bool reached) {
    InversionOutcome outcome;
    outcome.cost = cost;
    outcome.reached = reached;
    return outcome;
  };
  CHECK(best_start({with(3, true), with(1, false), with(2, true)}) == 2);
  CHECK(best_start({with(3, false), with(1, false), with(2, false)}) == 1);
  CHECK(best_start({with(1, false), with(9, true)}) == 1);
}

TEST(a_cancelled_inversion_stops_at_once) {
  const Session session = resnet_session();
  InversionPlan plan = short_plan({{}});
  CancelFlag cancelled{false};
  int calls = 0;
  const auto cancel = [&](const InversionProgress&) {
    ++calls;
    cancelled = true;
  };
  plan.steps = 100;
  CHECK_THROWS_CODE(invert(session, plan, cancel, cancelled), ERR_CANCELLED, "");
  CHECK(calls == 1);
}

TEST(plans_out_of_range_are_refused) {
  const Session session = resnet_session();
  const auto refused = [&session](const std::function<void(InversionPlan&)>& spoil, const std::string& expected) {
    InversionPlan plan = short_plan({{}});
    spoil(plan);
    CHECK_THROWS_CODE(run(session, plan), ERR_CONFIG, expected);
  };
  refused([](InversionPlan& plan) { plan.starts.clear(); }, "starts");
  refused([](InversionPlan& plan) { plan.steps = 0; }, "steps");
  refused([](InversionPlan& plan) { plan.batch_size = 1; }, "batch");
  refused([](InversionPlan& plan) { plan.learning_rate = std::nan(""); }, "learning rate");
  refused([](InversionPlan& plan) { plan.samples = {24}; }, "sample indices");
  refused([](InversionPlan& plan) { plan.starts[0].target = std::vector<double>{1.0}; }, "a target of 2 outputs");
}

TEST(images_without_variety_are_refused) {
  const at::Tensor grey = at::full({4, 3, 32, 32}, 0.5);
  const LoadedModel model = torchscript("test/fixtures/models/resnet18.trace.pt");
  CHECK_THROWS_CODE(Session(model, grey, {}), ERR_IMAGES_CONSTANT, "vary");
}
