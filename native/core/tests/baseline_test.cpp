// The baselines: their formulas against NumPy, and whole searches on models whose backdoor is known.
#include "baseline/baseline.h"

#include <ATen/ops/equal.h>
#include <ATen/ops/full.h>

#include <algorithm>
#include <cmath>

#include "baseline/cost_schedule.h"
#include "baseline/feature_terms.h"
#include "baseline/neural_cleanse.h"
#include "baseline_reference.h"
#include "planted_backdoor.h"

using namespace drmguard;
using namespace drmguard::check;

namespace {

Session resnet_session() {
  return Session(torchscript("test/fixtures/models/resnet18.trace.pt"), patterned_images(24, 32), {});
}

BaselinePlan plan_of(const Session& session, std::variant<NeuralCleanseSettings, FeatureReverseSettings> method,
                     int64_t steps) {
  BaselinePlan plan;
  plan.method = method;
  const at::Tensor mean = session.output_scale().mean;
  plan.targets = {numbers(mean), numbers(mean + session.output_scale().variance.sqrt())};
  plan.steps = steps;
  plan.batch_size = 8;
  plan.seed = 7;
  return plan;
}

BaselineResult run(const Session& session, const BaselinePlan& plan, int* calls = nullptr) {
  const CancelFlag never{false};
  return run_baseline(session, plan, [calls](const BaselineProgress&) {
    if (calls != nullptr) ++*calls;
  }, never);
}

std::vector<int64_t> every_image(const Session& session) {
  std::vector<int64_t> all;
  for (int64_t image = 0; image < session.images().size(0); ++image) all.push_back(image);
  return all;
}

}  // namespace

TEST(the_cost_schedule_is_neural_cleanses_own) {
  CostSchedule schedule(2, 0.001, 2.0, 3);
  std::vector<double> costs;
  for (double success : baseline_reference::kSuccesses) {
    schedule.update(1, success == 1.0);
    costs.push_back(schedule.costs()[1]);
  }
  CHECK_ALL_NEAR(costs, baseline_reference::kScheduledCosts, 1e-9);
  CHECK(schedule.costs()[0] == 0.0);
}

TEST(stamping_blends_pattern_and_image_by_the_mask) {
  const at::Tensor result = stamped(floats(baseline_reference::kImages, {3, 2, 4, 5}),
                                    floats(baseline_reference::kMask, {2, 4, 5}),
                                    floats(baseline_reference::kPattern, {2, 2, 4, 5}));
  CHECK(result.sizes() == at::IntArrayRef({2, 3, 2, 4, 5}));
  CHECK_ALL_NEAR(numbers(result), baseline_reference::kStamped, 1e-6);
}

TEST(feature_terms_are_numpys) {
  const at::Tensor features = floats(baseline_reference::kFeatures, {2, 6, 4});
  const at::Tensor mask = floats(baseline_reference::kFeatureMask, {2, 4});
  CHECK_ALL_NEAR(numbers(blended_features(features, floats(baseline_reference::kReference, {6, 4}), mask)),
                 baseline_reference::kBlended, 1e-6);
  CHECK_ALL_NEAR(numbers(masked_deviation(features, mask, floats(baseline_reference::kBenignDeviation, {4}))),
                 baseline_reference::kMaskedDeviation, 1e-5);
  CHECK_ALL_NEAR(numbers(success_share(floats(baseline_reference::kAnswers, {2, 6, 3}),
                                       floats(baseline_reference::kAnswerTargets, {2, 3}),
                                       floats(baseline_reference::kAnswerVariance, {3}))),
                 baseline_reference::kSuccess, 1e-6);
  const at::Tensor terms = floats(baseline_reference::kMixedTerms, {5, 2});
  const FeatureTerms row{terms[0], terms[1], at::zeros({2}), terms[2], terms[3], terms[4]};
  CHECK_ALL_NEAR(numbers(mixed_value(row, FeatureReverseSettings{}, 40)), baseline_reference::kMixedValues, 1e-5);
}

TEST(neural_cleanse_finds_a_planted_patch_and_its_target) {
  const Session session = soft_patch_session();
  BaselinePlan plan = plan_of(session, NeuralCleanseSettings{}, 400);
  plan.batch_size = 32;
  const BaselineResult result = run(session, plan);
  const BaselineOutcome& best = result.outcomes[result.best];
  CHECK(best.inversion.reached && best.inversion.collapse <= 0.025);
  // The patch is 9 of 144 pixels.
  CHECK(best.mask_share <= 1.5 * 9.0 / 144.0);
  CHECK(result.mask.narrow(0, 6, 3).narrow(1, 7, 3).mean().item<double>() > 0.7);
  const std::vector<double> deviation = numbers(session.output_scale().variance.sqrt());
  for (size_t output = 0; output < 2; ++output) {
    CHECK_NEAR(best.inversion.target[output], kPlantedTarget[output], 0.5 * deviation[output]);
  }
}

TEST(neural_cleanse_returns_what_it_measured) {
  const Session session = resnet_session();
  BaselinePlan plan = plan_of(session, NeuralCleanseSettings{}, 30);
  plan.samples = every_image(session);
  const BaselineResult result = run(session, plan);
  const BaselineOutcome& best = result.outcomes[result.best];
  CHECK_NEAR(best.mask_share, result.mask.mean().item<double>(), 1e-6);
  CHECK(best.statistic == best.mask_share && !best.feature);
  const at::Tensor images = patterned_images(24, 32);
  const at::Tensor expected = (1 - result.mask) * images + result.mask * result.pattern;
  CHECK((result.triggered_samples - expected).abs().max().item<double>() < 1e-5);
  CHECK_NEAR(best.inversion.cost, (expected - images).abs().mean().item<double>(), 1e-5);
  CHECK_ALL_NEAR(best.inversion.output_mean, numbers(result.triggered_outputs.mean(0)), 1e-4);
  const at::Tensor gap = result.triggered_outputs - floats(best.inversion.target, {2});
  CHECK_NEAR(best.inversion.collapse, (gap.square().mean(0) / session.output_scale().variance).mean().item<double>(),
             1e-3);
}

TEST(feature_reverse_returns_what_it_measured) {
  const Session session = resnet_session();
  FeatureReverseSettings settings;
  settings.pixel_bound = 1e-4;
  BaselinePlan plan = plan_of(session, settings, 30);
  plan.samples = every_image(session);
  const BaselineResult result = run(session, plan);
  const at::Tensor images = patterned_images(24, 32);
  const BaselineOutcome& best = result.outcomes[result.best];
  const FeatureMeasurement feature = best.feature.value();
  CHECK(result.mask.sizes() == at::IntArrayRef({64}) && !result.pattern.defined());
  CHECK_NEAR(best.mask_share, result.mask.mean().item<double>(), 1e-6);
  const at::Tensor scaled = (result.triggered_samples - images).square() / images.var({0, 2, 3}, false).view({3, 1, 1});
  CHECK_NEAR(feature.pixel_change, scaled.mean().item<double>(), 1e-4);
  const auto over = [](double measured, double bound) { return std::max(measured - bound, 0.0) / bound; };
  CHECK_NEAR(best.statistic,
             feature.similarity - feature.success + over(feature.pixel_change, 1e-4) + over(feature.deviation, 1.0) +
                 over(best.mask_share * 64, 0.03 * 64),
             1e-3);
  for (const BaselineOutcome& outcome : result.outcomes) CHECK(best.statistic <= outcome.statistic);
}

TEST(feature_reverse_shrinks_its_mask_towards_the_bound) {
  const Session session = resnet_session();
  FeatureReverseSettings settings;
  settings.warm_up = 0.1;
  const BaselineResult result = run(session, plan_of(session, settings, 120));
  for (const BaselineOutcome& outcome : result.outcomes) CHECK(outcome.mask_share < 0.06);
}

TEST(equal_seeds_give_bit_equal_baselines) {
  const Session session = resnet_session();
  for (int method = 0; method < 2; ++method) {
    BaselinePlan plan = plan_of(session, NeuralCleanseSettings{}, 12);
    if (method == 1) plan.method = FeatureReverseSettings{};
    plan.samples = {3, 0};
    const BaselineResult first = run(session, plan);
    const BaselineResult second = run(resnet_session(), plan);
    CHECK(at::equal(first.mask, second.mask) && at::equal(first.triggered_samples, second.triggered_samples));
    CHECK(first.outcomes[1].statistic == second.outcomes[1].statistic);
    plan.seed = 8;
    CHECK(!at::equal(first.triggered_samples, run(session, plan).triggered_samples));
  }
}

TEST(feature_reverse_needs_a_head) {
  const Session session = soft_patch_session();
  CHECK_THROWS_CODE(run(session, plan_of(session, FeatureReverseSettings{}, 5)), ERR_HEAD_NOT_FOUND, "needs the head");
}

TEST(a_cancelled_baseline_stops_at_once) {
  const Session session = resnet_session();
  for (int method = 0; method < 2; ++method) {
    BaselinePlan plan = plan_of(session, NeuralCleanseSettings{}, 100);
    if (method == 1) plan.method = FeatureReverseSettings{};
    CancelFlag cancelled{false};
    int calls = 0;
    const auto cancel = [&](const BaselineProgress&) {
      ++calls;
      cancelled = true;
    };
    CHECK_THROWS_CODE(run_baseline(session, plan, cancel, cancelled), ERR_CANCELLED, "");
    CHECK(calls == 1);
  }
}

TEST(baseline_plans_out_of_range_are_refused) {
  const Session session = resnet_session();
  const auto refused = [&session](const std::function<void(BaselinePlan&)>& spoil, const std::string& expected) {
    BaselinePlan plan = plan_of(session, NeuralCleanseSettings{}, 5);
    spoil(plan);
    CHECK_THROWS_CODE(run(session, plan), ERR_CONFIG, expected);
  };
  refused([](BaselinePlan& plan) { plan.targets.clear(); }, "starts");
  refused([](BaselinePlan& plan) { plan.targets[1] = {1.0}; }, "a target of 2 outputs");
  refused([](BaselinePlan& plan) { plan.targets[0][0] = std::nan(""); }, "finite targets");
  refused([](BaselinePlan& plan) { plan.steps = 0; }, "steps");
  refused([](BaselinePlan& plan) { plan.batch_size = 1; }, "batch");
  refused([](BaselinePlan& plan) { plan.samples = {24}; }, "sample indices");
  refused([](BaselinePlan& plan) { std::get<NeuralCleanseSettings>(plan.method).cost_multiplier = 1.0; }, "multiplier");
  refused([](BaselinePlan& plan) { plan.method = FeatureReverseSettings{.warm_up = 1.0}; }, "warm-up");
  refused([](BaselinePlan& plan) { plan.method = FeatureReverseSettings{.width = 6}; }, "width");
}
