#include "baseline/neural_cleanse.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/rand.h>
#include <ATen/ops/tensor.h>

#include <algorithm>
#include <limits>

#include "inversion/gradient_pass.h"
#include "objective/collapse.h"
#include "objective/perturbation.h"
#include "tensor/doubles.h"
#include "tensor/random.h"

namespace drmguard {
namespace {

/// The original averages success over an epoch of batches; here it is averaged over about this many steps.
constexpr double kSmoothing = 0.8;

/// Uniform values in (0,1), as unbounded ones.
at::Tensor random_unbounded(at::IntArrayRef shape, at::Generator& generator, const at::Device& device) {
  const at::Tensor uniform = at::rand(shape, generator, at::TensorOptions().dtype(at::kFloat));
  return (uniform.clamp(0.001, 0.999) * 2.0 - 1.0).atanh().to(device).set_requires_grad(true);
}

}  // namespace

at::Tensor stamped(const at::Tensor& images, const at::Tensor& mask, const at::Tensor& pattern) {
  const at::Tensor share = mask.unsqueeze(1).unsqueeze(1);
  return (1.0 - share) * images.unsqueeze(0) + share * pattern.unsqueeze(1);
}

NeuralCleanse::NeuralCleanse(const Session& session, const BaselinePlan& plan, const CancelFlag& cancelled)
    : session_(session),
      cancelled_(cancelled),
      settings_(std::get<NeuralCleanseSettings>(plan.method)),
      starts_(static_cast<int64_t>(plan.targets.size())),
      target_(plan.targets, session.output_scale()),
      schedule_(plan.targets.size(), settings_.initial_cost, settings_.cost_multiplier, settings_.patience),
      average_(plan.targets.size(), std::numeric_limits<double>::quiet_NaN()),
      smallest_(plan.targets.size(), std::numeric_limits<double>::infinity()) {
  at::Generator generator = make_generator(plan.seed);
  const at::IntArrayRef shape = session.images().sizes();
  mask_ = random_unbounded({starts_, shape[2], shape[3]}, generator, session.device());
  pattern_ = random_unbounded({starts_, shape[1], shape[2], shape[3]}, generator, session.device());
  const auto options = torch::optim::AdamOptions(settings_.learning_rate).betas({0.5, 0.9}).eps(1e-7);
  auto target_options = options;
  target_options.lr(kTargetRate);
  optimiser_.emplace(std::vector<torch::optim::OptimizerParamGroup>{
      {{mask_, pattern_}, std::make_unique<torch::optim::AdamOptions>(options)},
      {{target_.parameter()}, std::make_unique<torch::optim::AdamOptions>(target_options)}});
  for (const at::Tensor& parameter : parameters()) kept_.push_back(parameter.detach().clone());
}

ReverseStep NeuralCleanse::take_step(int64_t, const at::Tensor& images) {
  optimiser_->zero_grad();
  std::vector<StepTerms> parts;
  const int64_t per_pass = starts_per_pass(session_.device(), images.size(0));
  for (int64_t first = 0; first < starts_; first += per_pass) {
    throw_if_cancelled(cancelled_);
    parts.push_back(backward(images, first, std::min(per_pass, starts_ - first)));
  }
  at::NoGradGuard no_grad;
  const StepTerms terms = StepTerms::join(parts);
  require_finite(terms.loss);
  const at::Tensor shares = bounded(mask_).mean({1, 2});
  // Before the step: what was measured belongs to the parameters as they are now.
  judge_success(terms.collapse, shares);
  optimiser_->step();
  return {terms, shares};
}

StepTerms NeuralCleanse::backward(const at::Tensor& images, int64_t first, int64_t count) {
  const at::Tensor mask = bounded(mask_.narrow(0, first, count));
  const at::Tensor changed = stamped(images, mask, bounded(pattern_.narrow(0, first, count)));
  const at::Tensor outputs =
      session_.model().predict(changed.flatten(0, 1), /*with_features=*/false).outputs.view({count, images.size(0), -1});
  const std::vector<double> costs(schedule_.costs().begin() + first, schedule_.costs().begin() + first + count);
  StepTerms terms;
  terms.output_mean = outputs.mean(1);
  terms.cost = mean_l1(changed.detach(), images);
  terms.collapse = target_distance_ratio(outputs, target_.values().narrow(0, first, count), session_.output_scale());
  terms.loss = terms.collapse + at::tensor(costs, mask.options().requires_grad(false)) * mask.sum({1, 2});
  terms.loss.sum().backward();
  return terms.detached();
}

void NeuralCleanse::judge_success(const at::Tensor& collapse, const at::Tensor& shares) {
  const std::vector<double> now = to_doubles(collapse);
  const std::vector<double> sizes = to_doubles(shares);
  for (size_t start = 0; start < now.size(); ++start) {
    double& average = average_[start];
    average = average == average ? kSmoothing * average + (1.0 - kSmoothing) * now[start] : now[start];
    // Both: the average alone lags behind a mask that shrinks, one batch alone is luck.
    const bool success = std::max(average, now[start]) <= settings_.tolerance;
    schedule_.update(start, success);
    if (!success || !(sizes[start] < smallest_[start])) continue;
    smallest_[start] = sizes[start];
    const std::vector<at::Tensor> current = parameters();
    for (size_t i = 0; i < current.size(); ++i) {
      kept_[i][static_cast<int64_t>(start)].copy_(current[i][static_cast<int64_t>(start)]);
    }
  }
}

void NeuralCleanse::finish() {
  at::NoGradGuard no_grad;
  const std::vector<at::Tensor> current = parameters();
  for (size_t start = 0; start < smallest_.size(); ++start) {
    // A start that never succeeded ends where it is, as in the original.
    if (smallest_[start] == std::numeric_limits<double>::infinity()) continue;
    for (size_t i = 0; i < current.size(); ++i) {
      current[i][static_cast<int64_t>(start)].copy_(kept_[i][static_cast<int64_t>(start)]);
    }
  }
}

at::Tensor NeuralCleanse::triggered(const at::Tensor& images, int64_t start) const {
  return stamped(images, bounded(mask_.narrow(0, start, 1)), bounded(pattern_.narrow(0, start, 1)))[0];
}

at::Tensor NeuralCleanse::targets() const { return target_.values().detach(); }

void NeuralCleanse::complete(int64_t start, const at::Tensor&, BaselineOutcome& outcome) const {
  outcome.mask_share = bounded(mask_[start]).mean().item<double>();
  outcome.statistic = outcome.mask_share;
  outcome.inversion.reached = outcome.inversion.collapse <= kReachedSlack * settings_.tolerance;
  outcome.inversion.multiplier = schedule_.costs()[static_cast<size_t>(start)];
}

void NeuralCleanse::add_trigger(int64_t start, BaselineResult& result) const {
  result.mask = bounded(mask_[start]).cpu().contiguous();
  result.pattern = bounded(pattern_[start]).cpu().contiguous();
}

}  // namespace drmguard
