#include "baseline/baseline.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/tensor.h>

#include <cmath>
#include <memory>

#include "baseline/feature_reverse.h"
#include "baseline/neural_cleanse.h"
#include "baseline/reverse_search.h"
#include "error/error.h"
#include "inversion/curve_recorder.h"
#include "inversion/outcome.h"
#include "tensor/device.h"
#include "tensor/doubles.h"
#include "tensor/random.h"

namespace drmguard {
namespace {

void require(bool condition, const std::string& expected) {
  if (!condition) throw Error(ErrorCode::ERR_CONFIG, "expected " + expected);
}

void check_method(const NeuralCleanseSettings& settings) {
  require(settings.tolerance > 0.0, "a positive tolerance");
  require(settings.learning_rate > 0.0, "a positive learning rate");
  require(settings.initial_cost > 0.0, "a positive first cost");
  require(settings.patience >= 1, "a patience of at least 1 step");
  require(settings.cost_multiplier > 1.0, "a cost multiplier above 1");
}

void check_method(const FeatureReverseSettings& settings) {
  require(settings.learning_rate > 0.0 && settings.mask_learning_rate > 0.0, "a positive learning rate");
  require(settings.width >= 4 && settings.width <= 256 && settings.width % 4 == 0, "a width of 4 to 256 in fours");
  require(settings.warm_up >= 0.0 && settings.warm_up < 1.0, "a warm-up of 0 to less than 1 of the steps");
  require(settings.pixel_bound > 0.0 && settings.deviation_bound > 0.0 && settings.mask_bound > 0.0,
          "positive bounds");
}

void check_plan(const Session& session, const BaselinePlan& plan) {
  require(!plan.targets.empty() && plan.targets.size() <= 1024, "between 1 and 1024 starts");
  require(plan.steps >= 1 && plan.steps <= 1'000'000, "between 1 and 1000000 steps");
  require(plan.batch_size >= 2 && plan.batch_size <= 65'536, "a batch of 2 to 65536 images");
  const int64_t outputs = session.model().outputs();
  for (const std::vector<double>& target : plan.targets) {
    require(static_cast<int64_t>(target.size()) == outputs, "a target of " + std::to_string(outputs) + " outputs");
    for (double value : target) require(std::isfinite(value), "finite targets");
  }
  for (int64_t index : plan.samples) {
    require(index >= 0 && index < session.images().size(0), "sample indices within the images");
  }
  std::visit([](const auto& settings) { check_method(settings); }, plan.method);
}

std::unique_ptr<ReverseSearch> make_search(const Session& session, const BaselinePlan& plan,
                                           const CancelFlag& cancelled) {
  if (std::holds_alternative<NeuralCleanseSettings>(plan.method)) {
    return std::make_unique<NeuralCleanse>(session, plan, cancelled);
  }
  return std::make_unique<FeatureReverse>(session, plan, cancelled);
}

std::vector<BaselineOutcome> measure(const Session& session, const ReverseSearch& search, const CancelFlag& cancelled) {
  at::NoGradGuard no_grad;
  const at::Tensor targets = search.targets();
  std::vector<BaselineOutcome> outcomes;
  for (int64_t start = 0; start < targets.size(0); ++start) {
    OutcomeMeter meter(session);
    std::vector<at::Tensor> changed;
    int64_t count = 0;
    for (int64_t at = 0; at < session.images().size(0); at += count) {
      throw_if_cancelled(cancelled);
      count = next_pass(session.images().size(0) - at);
      const at::Tensor images = session.images().narrow(0, at, count);
      changed.push_back(search.triggered(images, start));
      meter.add(images, changed.back());
    }
    BaselineOutcome outcome;
    outcome.inversion = meter.outcome(targets[start]);
    search.complete(start, at::cat(changed), outcome);
    outcomes.push_back(std::move(outcome));
  }
  return outcomes;
}

/// FeatureRE's mixed value holds its successes and violations already; Neural Cleanse compares successful masks only.
size_t most_suspicious(const std::vector<BaselineOutcome>& outcomes) {
  size_t best = 0;
  for (size_t i = 1; i < outcomes.size(); ++i) {
    const bool by_success = !outcomes[i].feature && outcomes[i].inversion.reached != outcomes[best].inversion.reached;
    if (by_success ? outcomes[i].inversion.reached : outcomes[i].statistic < outcomes[best].statistic) best = i;
  }
  return best;
}

void add_samples(const Session& session, const BaselinePlan& plan, const ReverseSearch& search,
                 const CancelFlag& cancelled, BaselineResult& result) {
  if (plan.samples.empty()) return;
  at::NoGradGuard no_grad;
  const at::Tensor chosen = at::tensor(plan.samples, at::TensorOptions().dtype(at::kLong).device(session.device()));
  const at::Tensor changed =
      search.triggered(session.images().index_select(0, chosen), static_cast<int64_t>(result.best));
  result.triggered_samples = changed.cpu().contiguous();
  result.triggered_outputs = session.predict_all(changed, false, cancelled).outputs.cpu().contiguous();
}

}  // namespace

BaselineResult run_baseline(const Session& session, const BaselinePlan& plan,
                            const std::function<void(const BaselineProgress&)>& on_progress,
                            const CancelFlag& cancelled) {
  check_plan(session, plan);
  use_threads(plan.threads);
  const std::unique_ptr<ReverseSearch> search = make_search(session, plan, cancelled);
  at::Generator indices = make_generator(plan.seed);
  CurveRecorder recorder(plan.steps);
  std::vector<at::Tensor> pending;
  BaselineResult result;
  for (int64_t step = 0; step < plan.steps; ++step) {
    const at::Tensor chosen = draw_indices(session.images().size(0), plan.batch_size, indices);
    const ReverseStep taken = search->take_step(step, session.images().index_select(0, chosen.to(session.device())));
    pending.push_back(taken.statistic);
    if (!recorder.add(step, taken.terms, step + 1 == plan.steps)) continue;
    result.curve.push_back({recorder.latest(), to_doubles(at::stack(pending).mean(0))});
    pending.clear();
    on_progress(result.curve.back());
  }
  search->finish();
  result.outcomes = measure(session, *search, cancelled);
  result.best = most_suspicious(result.outcomes);
  at::NoGradGuard no_grad;
  search->add_trigger(static_cast<int64_t>(result.best), result);
  add_samples(session, plan, *search, cancelled, result);
  return result;
}

}  // namespace drmguard
