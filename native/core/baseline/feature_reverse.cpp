#include "baseline/feature_reverse.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/cosine_similarity.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/where.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "error/error.h"
#include "inversion/gradient_pass.h"
#include "objective/collapse.h"
#include "objective/perturbation.h"
#include "tensor/doubles.h"
#include "tensor/random.h"

namespace drmguard {
namespace {

/// Weights of the original's loss.
constexpr double kSimilarityWeight = 5.0;
constexpr double kConstraintWeight = 10.0;
constexpr double kWarmUpPixelWeight = 100.0;
/// Success above which the distance to the target counts no more.
constexpr double kEnoughSuccess = 0.9;
/// Steps over which the constraints' weights and the best value are averaged; the original's epoch over its few images.
constexpr size_t kEpochSteps = 10;
/// Share of the benign images that stand for the original's images of the target class.
constexpr double kNearShare = 0.1;

int64_t starts_of(const BaselinePlan& plan) { return static_cast<int64_t>(plan.targets.size()); }

TriggerShape shape_of(const Session& session, const BaselinePlan& plan) {
  const at::Tensor& images = session.images();
  return {starts_of(plan), images.size(1), images.size(2), images.size(3)};
}

/// The part of a parameter that belongs to one start.
at::Tensor part_of(const at::Tensor& parameter, int64_t start, int64_t starts) {
  const int64_t extent = parameter.size(0) / starts;
  return parameter.narrow(0, start * extent, extent);
}

at::Tensor only_above(const at::Tensor& value, double bound, const at::Tensor& penalty) {
  return at::where(value.detach() > bound, penalty, penalty.detach() * 0.0);
}

}  // namespace

FeatureReverse::FeatureReverse(const Session& session, const BaselinePlan& plan, const CancelFlag& cancelled)
    : session_(session),
      cancelled_(cancelled),
      settings_(std::get<FeatureReverseSettings>(plan.method)),
      starts_(starts_of(plan)),
      warm_up_steps_(static_cast<int64_t>(settings_.warm_up * static_cast<double>(plan.steps))),
      generator_(shape_of(session, plan), plan.seed, session.device(), settings_.width),
      target_(plan.targets, session.output_scale()),
      references_(make_generator(plan.seed + 1)),
      best_(plan.targets.size(), std::numeric_limits<double>::infinity()) {
  if (!session.model().head()) {
    throw Error(ErrorCode::ERR_HEAD_NOT_FOUND, "FeatureRE needs the head: " + session.model().head_reason());
  }
  measure_benign();
  const auto options = at::TensorOptions().device(session.device()).dtype(at::kFloat);
  mask_ = at::ones({starts_, feature_count()}, options).set_requires_grad(true);
  distance_weight_ = at::ones({starts_}, options);
  pixel_weight_ = at::ones({starts_}, options);
  deviation_weight_ = at::ones({starts_}, options);
  const auto adam = torch::optim::AdamOptions(settings_.learning_rate).betas({0.5, 0.9});
  auto target_adam = adam;
  target_adam.lr(kTargetRate);
  auto mask_adam = adam;
  mask_adam.lr(settings_.mask_learning_rate);
  optimiser_.emplace(std::vector<torch::optim::OptimizerParamGroup>{
      {generator_.parameters(), std::make_unique<torch::optim::AdamOptions>(adam)},
      {{target_.parameter()}, std::make_unique<torch::optim::AdamOptions>(target_adam)}});
  mask_optimiser_.emplace(std::vector<at::Tensor>{mask_}, mask_adam);
  for (const at::Tensor& parameter : parameters()) kept_.push_back(parameter.detach().clone());
}

void FeatureReverse::measure_benign() {
  const Prediction benign = session_.predict_all(session_.images(), /*with_features=*/true, cancelled_);
  benign_features_ = benign.features;
  benign_deviation_ = benign.features.std(0, /*unbiased=*/true);
  bias_ = (benign.outputs - benign.features.matmul(session_.model().head()->weight.t())).mean(0);
  pixel_variance_ = session_.images().var({0, 2, 3}, /*unbiased=*/false).clamp_min(1e-6).view({1, -1, 1, 1});
}

ReverseStep FeatureReverse::take_step(int64_t step, const at::Tensor& images) {
  const bool warm_up = step < warm_up_steps_;
  const at::Tensor chosen = draw_indices(benign_features_.size(0), images.size(0), references_);
  const at::Tensor reference = benign_features_.index_select(0, chosen.to(session_.device()));
  optimiser_->zero_grad();
  mask_optimiser_->zero_grad();
  std::vector<StepTerms> steps;
  std::vector<FeatureTerms> features;
  // Grouped convolutions are slow on a CPU: there each start goes through the generator alone.
  const int64_t per_pass = session_.device().is_cpu() ? 1 : starts_per_pass(session_.device(), images.size(0));
  for (int64_t first = 0; first < starts_; first += per_pass) {
    throw_if_cancelled(cancelled_);
    const Part part = backward(images, reference, warm_up, first, std::min(per_pass, starts_ - first));
    steps.push_back(part.step);
    features.push_back(part.feature);
  }
  at::NoGradGuard no_grad;
  const StepTerms terms = StepTerms::join(steps);
  require_finite(terms.loss);
  const FeatureTerms joined = FeatureTerms::join(features);
  if (!warm_up) {
    epoch_.push_back(joined);
    // Before the step: what was measured belongs to the parameters as they are now.
    if (epoch_.size() == kEpochSteps) end_epoch();
  }
  optimiser_->step();
  if (!warm_up) mask_optimiser_->step();
  return {terms, mixed_value(joined, settings_, feature_count())};
}

FeatureReverse::Part FeatureReverse::backward(const at::Tensor& images, const at::Tensor& reference, bool warm_up,
                                              int64_t first, int64_t count) {
  const at::Tensor changed = generator_.apply(images, first, count);
  const Prediction prediction = session_.model().predict(changed.flatten(0, 1), /*with_features=*/true);
  const at::Tensor features = prediction.features.view({count, images.size(0), -1});
  const at::Tensor outputs = prediction.outputs.view({count, images.size(0), -1});
  const at::Tensor targets = target_.values().narrow(0, first, count);
  const at::Tensor masked = mask(first, count).detach();
  // Warm-up drives the plain outputs, as the original's does; from then on the mask decides what is taken from G.
  const at::Tensor driven = warm_up ? outputs : answer(blended_features(features, reference, masked));
  const FeatureTerms terms = measure(images, changed, features, driven, masked, targets);
  Part part;
  part.step.loss = generator_loss(terms, warm_up, first, count);
  part.step.loss.sum().backward();
  if (!warm_up) step_mask(features.detach(), reference, targets.detach(), first);
  part.step.cost = mean_l1(changed.detach(), images);
  part.step.collapse = target_distance_ratio(outputs.detach(), targets.detach(), session_.output_scale());
  part.step.output_mean = outputs.mean(1);
  part.step = part.step.detached();
  part.feature = terms.detached();
  return part;
}

at::Tensor FeatureReverse::generator_loss(const FeatureTerms& terms, bool warm_up, int64_t first,
                                          int64_t count) const {
  if (warm_up) {
    return terms.distance + only_above(terms.pixel_change, settings_.pixel_bound, kWarmUpPixelWeight * terms.pixel_change);
  }
  const auto weight = [first, count](const at::Tensor& extra) { return 1.0 + extra.narrow(0, first, count); };
  const at::Tensor pixels = kConstraintWeight * weight(pixel_weight_) * terms.pixel_change;
  const at::Tensor deviation = kConstraintWeight * weight(deviation_weight_) * terms.deviation;
  const at::Tensor distance = weight(distance_weight_) * terms.distance;
  return kSimilarityWeight * terms.similarity.clamp_min(0.0) +
         only_above(terms.pixel_change, settings_.pixel_bound, pixels) +
         only_above(terms.deviation, settings_.deviation_bound, deviation) +
         only_above(1.0 - terms.success, 1.0 - kEnoughSuccess, distance);
}

void FeatureReverse::step_mask(const at::Tensor& features, const at::Tensor& reference, const at::Tensor& targets,
                               int64_t first) {
  // The original runs the model anew here, after the generator's step; its features have moved by one step of 1e-3.
  const at::Tensor masked = mask(first, features.size(0));
  const at::Tensor outputs = answer(blended_features(features, reference, masked));
  const at::Tensor size = masked.sum(1);
  const double bound = settings_.mask_bound * static_cast<double>(feature_count());
  const at::Tensor loss =
      target_distance_ratio(outputs, targets, session_.output_scale()) + only_above(size, bound, size);
  loss.sum().backward();
}

FeatureTerms FeatureReverse::measure(const at::Tensor& images, const at::Tensor& changed, const at::Tensor& features,
                                     const at::Tensor& outputs, const at::Tensor& mask,
                                     const at::Tensor& targets) const {
  const OutputScale& benign = session_.output_scale();
  FeatureTerms terms;
  terms.similarity = at::cosine_similarity(features_near(targets.detach()), features.mean(1), 1);
  terms.success = success_share(outputs.detach(), targets.detach(), benign.variance);
  terms.distance = target_distance_ratio(outputs, targets, benign);
  terms.pixel_change = ((changed - images.unsqueeze(0)).square() / pixel_variance_).mean({1, 2, 3, 4});
  terms.deviation = masked_deviation(features, mask, benign_deviation_);
  terms.mask_size = mask.sum(1);
  return terms;
}

at::Tensor FeatureReverse::features_near(const at::Tensor& targets) const {
  const at::Tensor distance =
      ((session_.benign_outputs().unsqueeze(0) - targets.unsqueeze(1)).square() / session_.output_scale().variance)
          .mean(2);
  const int64_t images = benign_features_.size(0);
  const auto tenth = static_cast<int64_t>(std::ceil(kNearShare * static_cast<double>(images)));
  const int64_t near = std::min(images, std::max<int64_t>(2, tenth));
  const at::Tensor chosen = std::get<1>(distance.topk(near, 1, /*largest=*/false));
  return benign_features_.index_select(0, chosen.flatten()).view({targets.size(0), near, -1}).mean(1);
}

at::Tensor FeatureReverse::answer(const at::Tensor& features) const {
  return features.matmul(session_.model().head()->weight.t()) + bias_;
}

at::Tensor FeatureReverse::mask(int64_t first, int64_t count) const { return bounded(mask_.narrow(0, first, count)); }

void FeatureReverse::end_epoch() {
  const FeatureTerms mean = FeatureTerms::mean(epoch_);
  epoch_.clear();
  distance_weight_ = (kEnoughSuccess - mean.success).clamp_min(0.0) / kEnoughSuccess;
  pixel_weight_ = excess(mean.pixel_change, settings_.pixel_bound);
  deviation_weight_ = excess(mean.deviation, settings_.deviation_bound);
  const std::vector<double> values = to_doubles(mixed_value(mean, settings_, feature_count()));
  const std::vector<at::Tensor> current = parameters();
  for (int64_t start = 0; start < starts_; ++start) {
    if (!(values[static_cast<size_t>(start)] < best_[static_cast<size_t>(start)])) continue;
    best_[static_cast<size_t>(start)] = values[static_cast<size_t>(start)];
    for (size_t i = 0; i < current.size(); ++i) {
      part_of(kept_[i], start, starts_).copy_(part_of(current[i], start, starts_));
    }
  }
}

std::vector<at::Tensor> FeatureReverse::parameters() const {
  std::vector<at::Tensor> all = generator_.parameters();
  all.push_back(mask_);
  all.push_back(target_.parameter());
  return all;
}

void FeatureReverse::finish() {
  at::NoGradGuard no_grad;
  const std::vector<at::Tensor> current = parameters();
  for (int64_t start = 0; start < starts_; ++start) {
    // Without a whole epoch nothing was kept.
    if (best_[static_cast<size_t>(start)] == std::numeric_limits<double>::infinity()) continue;
    for (size_t i = 0; i < current.size(); ++i) {
      part_of(current[i], start, starts_).copy_(part_of(kept_[i], start, starts_));
    }
  }
}

at::Tensor FeatureReverse::triggered(const at::Tensor& images, int64_t start) const {
  return generator_.apply(images, start, 1)[0];
}

at::Tensor FeatureReverse::targets() const { return target_.values().detach(); }

void FeatureReverse::complete(int64_t start, const at::Tensor& changed, BaselineOutcome& outcome) const {
  const at::Tensor features = session_.predict_all(changed, /*with_features=*/true, cancelled_).features.unsqueeze(0);
  // Every image blended with the one half the set away: pairs of different images, without a draw.
  const at::Tensor reference = benign_features_.roll(benign_features_.size(0) / 2, 0);
  const at::Tensor masked = mask(start, 1);
  const at::Tensor targets = target_.values().narrow(0, start, 1);
  const at::Tensor outputs = answer(blended_features(features, reference, masked));
  const FeatureTerms terms = measure(session_.images(), changed.unsqueeze(0), features, outputs, masked, targets);
  outcome.statistic = mixed_value(terms, settings_, feature_count()).item<double>();
  outcome.mask_share = masked.mean().item<double>();
  outcome.feature = FeatureMeasurement{terms.similarity.item<double>(), terms.success.item<double>(),
                                       terms.distance.item<double>(), terms.pixel_change.item<double>(),
                                       terms.deviation.item<double>()};
  outcome.inversion.reached = outcome.feature->success >= kEnoughSuccess;
  outcome.inversion.multiplier = 0.0;
}

void FeatureReverse::add_trigger(int64_t start, BaselineResult& result) const {
  result.mask = mask(start, 1)[0].detach().cpu().contiguous();
}

}  // namespace drmguard
