#include "inversion/inversion.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/isfinite.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/where.h>
#include <torch/optim/adam.h>

#include <algorithm>
#include <chrono>
#include <numeric>

#include "error/error.h"
#include "inversion/constraint_price.h"
#include "inversion/curve_recorder.h"
#include "inversion/gradient_pass.h"
#include "inversion/outcome.h"
#include "inversion/step_terms.h"
#include "inversion/target_walk.h"
#include "objective/perturbation.h"
#include "tensor/device.h"
#include "tensor/random.h"

namespace drmguard {
namespace {

/// Full speed for the first half, then down to a twentieth: the cost settles where the constraint holds.
double learning_rate_at(double base, double progress) {
  return progress < 0.5 ? base : base * (0.05 + 0.95 * 2.0 * (1.0 - progress));
}

class Inversion {
 public:
  Inversion(const Session& session, const InversionPlan& plan, const CancelFlag& cancelled)
      : session_(session),
        plan_(plan),
        cancelled_(cancelled),
        starts_(static_cast<int64_t>(plan.starts.size())),
        generator_(make_trigger_generator(plan.family, trigger_shape(), trigger_starts(), plan.seed, session.device())),
        walk_(plan.starts, session.output_scale()),
        indices_(make_generator(plan.seed)),
        optimiser_(generator_->parameters(),
                   torch::optim::AdamOptions(plan.learning_rate).betas(std::make_tuple(0.9, 0.99))) {
    if (const auto* constrained = std::get_if<ConstrainedObjective>(&plan.objective)) {
      price_.emplace(starts_, constrained->tolerance, session.device());
    } else if (const auto* paper_plan = std::get_if<PaperObjective>(&plan.objective)) {
      const PaperObjective& paper = *paper_plan;
      if (!session.model().head()) {
        throw Error(ErrorCode::ERR_HEAD_NOT_FOUND, "the paper's objective needs the head: " + session.model().head_reason());
      }
      attention_.emplace(paper.attention, paper.momentum);
    }
  }

  InversionResult run(const std::function<void(const InversionProgress&)>& on_progress) {
    CurveRecorder recorder(plan_.steps);
    const auto began = std::chrono::steady_clock::now();
    bool last = false;
    bool hopeless = false;
    for (int64_t step = 0; !last; ++step) {
      const StepTerms terms = take_step(static_cast<double>(step) / static_cast<double>(plan_.steps));
      const std::chrono::duration<double> spent = std::chrono::steady_clock::now() - began;
      hopeless = plan_.hopeless_collapse > 0.0 && step + 1 == (plan_.steps + 1) / 2 &&
                 terms.collapse.min().item<double>() > plan_.hopeless_collapse;
      last = hopeless || step + 1 == plan_.steps || (plan_.seconds > 0.0 && spent.count() >= plan_.seconds);
      if (recorder.add(step, terms, last)) on_progress(recorder.latest());
    }
    InversionResult result;
    result.curve = recorder.take();
    result.hopeless = hopeless;
    std::vector<at::Tensor> outputs;
    result.outcomes = measure(outputs);
    result.best = std::holds_alternative<CollapseObjective>(plan_.objective) ? deepest(result.outcomes)
                                                                             : best_start(result.outcomes);
    result.outputs = outputs[result.best].cpu().contiguous();
    add_samples(result);
    add_outputs_of_others(result);
    return result;
  }

 private:
  TriggerShape trigger_shape() const {
    const at::Tensor& images = session_.images();
    return {starts_, images.size(1), images.size(2), images.size(3)};
  }

  std::vector<TriggerStart> trigger_starts() const {
    std::vector<TriggerStart> all;
    for (const InversionStart& start : plan_.starts) all.push_back(start.trigger);
    return all;
  }

  bool reached(const InversionOutcome& outcome) const {
    if (const auto* constrained = std::get_if<ConstrainedObjective>(&plan_.objective)) {
      return outcome.collapse <= kReachedSlack * constrained->tolerance;
    }
    if (const auto* alone = std::get_if<CollapseObjective>(&plan_.objective)) {
      return outcome.collapse <= kReachedSlack * alone->tolerance;
    }
    const double sum = std::accumulate(outcome.rav.begin(), outcome.rav.end(), 0.0);
    return sum < kReachedRav * static_cast<double>(outcome.rav.size());
  }

  /// G for some starts, with the gate of the attention map where the plan asks for it.
  at::Tensor triggered(const at::Tensor& images, int64_t first, int64_t count) const {
    const at::Tensor changed = generator_->apply(images, first, count);
    if (!attention_ || attention_->use() != AttentionUse::gate) return changed;
    return images.unsqueeze(0) + (1.0 - attention_->gate()) * (changed - images.unsqueeze(0));
  }

  StepTerms take_step(double progress) {
    for (auto& group : optimiser_.param_groups()) {
      static_cast<torch::optim::AdamOptions&>(group.options()).lr(learning_rate_at(plan_.learning_rate, progress));
    }
    const at::Tensor chosen =
        draw_indices(session_.images().size(0) - plan_.held_out, plan_.batch_size, indices_).to(session_.device());
    const at::Tensor images = session_.images().index_select(0, chosen);
    const at::Tensor benign = session_.benign_outputs().index_select(0, chosen);
    if (attention_) attention_->update(session_.model(), images);

    optimiser_.zero_grad();
    std::vector<StepTerms> parts;
    const int64_t per_pass = starts_per_pass(session_.device(), plan_.batch_size);
    for (int64_t first = 0; first < starts_; first += per_pass) {
      throw_if_cancelled(cancelled_);
      parts.push_back(backward(images, benign, first, std::min(per_pass, starts_ - first)));
    }
    optimiser_.step();
    generator_->project();

    at::NoGradGuard no_grad;
    const StepTerms terms = StepTerms::join(parts);
    if (!at::isfinite(terms.loss).all().item<bool>()) {
      throw Error(ErrorCode::ERR_NONFINITE, "the loss became NaN or infinite");
    }
    if (price_) price_->update(terms.collapse);
    walk_.advance(terms.output_mean, progress);
    return terms;
  }

  /// Forward and backward of some starts; their losses are independent, so their sum's gradient is each one's own.
  StepTerms backward(const at::Tensor& images, const at::Tensor& benign, int64_t first, int64_t count) {
    const at::Tensor changed = triggered(images, first, count);
    const Prediction prediction = session_.model().predict(changed.flatten(0, 1), session_.model().head().has_value());
    const int64_t batch = images.size(0);
    StepTerms terms;
    const at::Tensor outputs = followed(effect(), prediction.outputs.view({count, batch, -1}), benign, session_.output_scale());
    terms.output_mean = outputs.mean(1);
    const at::Tensor own_cost = generator_->own_cost(first, count);
    terms.cost = own_cost.defined() ? own_cost : mean_l1(changed, images);
    walk_.look_outward(terms.output_mean.detach(), first);
    terms.collapse = collapse(outputs, first, count);
    if (prediction.features.defined()) {
      terms.rav = angle_variance_ratio(prediction.features.view({count, batch, -1}), *session_.model().head(),
                                       *session_.feature_scale())
                      .mean(1);
    }
    if (std::holds_alternative<PaperObjective>(plan_.objective)) {
      terms.loss = paper_loss(terms, outputs, changed, images);
    } else {
      terms.loss = price_ ? terms.cost + price_->price().narrow(0, first, count) * terms.collapse : terms.collapse;
    }
    terms.loss.sum().backward();
    return terms.detached();
  }

  Effect effect() const {
    const auto* alone = std::get_if<CollapseObjective>(&plan_.objective);
    return alone == nullptr ? Effect::fixed : alone->effect;
  }

  at::Tensor collapse(const at::Tensor& outputs, int64_t first, int64_t count) const {
    const at::Tensor free = output_variance_ratio(outputs, session_.output_scale());
    const at::Tensor distance =
        target_distance_ratio(outputs, walk_.targets().narrow(0, first, count), session_.output_scale());
    return at::where(walk_.forced().narrow(0, first, count).gt(0), distance, free);
  }

  at::Tensor paper_loss(const StepTerms& terms, const at::Tensor& outputs, const at::Tensor& changed,
                        const at::Tensor& images) const {
    const auto& paper = std::get<PaperObjective>(plan_.objective);
    const at::Tensor variance = (outputs * paper.output_scale).var(1, /*unbiased=*/true).mean(1);
    const at::Tensor perturbation =
        paper.attention == AttentionUse::weight ? weighted_l1(changed, images, attention_->weights()) : terms.cost;
    const double on_variance = paper.lambda1_on_variance ? paper.lambda1 : 1.0;
    const double on_perturbation = paper.lambda1_on_variance ? 1.0 : paper.lambda1;
    return on_variance * variance + on_perturbation * perturbation + paper.lambda2 * terms.rav;
  }

  /// Where the collapse of a start is measured from; absent for wherever its outputs went.
  std::optional<at::Tensor> destination(int64_t start, const OutcomeMeter& meter) const {
    const InversionStart& begun = plan_.starts[static_cast<size_t>(start)];
    if (!begun.target) return std::nullopt;
    if (begun.walk != Walk::outward) return walk_.targets()[start];
    if (effect() == Effect::fixed) return std::nullopt;
    // A trigger that does nothing moves all outputs alike: an offset counts from its least length on.
    return walk_.pushed_outward(meter.mean().unsqueeze(0), start)[0];
  }

  /// outputs: f(G(x)) per start.
  std::vector<InversionOutcome> measure(std::vector<at::Tensor>& outputs) const {
    std::vector<InversionOutcome> outcomes;
    const int64_t all = session_.images().size(0);
    const int64_t measured = plan_.outcome_images > 0 ? std::min(plan_.outcome_images, all) : all;
    for (int64_t start = 0; start < starts_; ++start) {
      OutcomeMeter meter(session_, effect());
      int64_t count = 0;
      for (int64_t at = 0; at < measured; at += count) {
        throw_if_cancelled(cancelled_);
        at::NoGradGuard no_grad;
        count = next_pass(measured - at);
        const at::Tensor images = session_.images().narrow(0, at, count);
        meter.add(images, triggered(images, start, 1)[0]);
      }
      outcomes.push_back(meter.outcome(destination(start, meter)));
      outputs.push_back(meter.outputs());
      if (const at::Tensor own_cost = generator_->own_cost(start, 1); own_cost.defined()) {
        outcomes.back().cost = own_cost.item<double>();
      }
      outcomes.back().reached = reached(outcomes.back());
      outcomes.back().multiplier = multiplier(start);
      outcomes.back().content = generator_->content(start);
    }
    return outcomes;
  }

  size_t deepest(const std::vector<InversionOutcome>& outcomes) const {
    const auto share = [&](size_t start) { return outcomes[start].collapse / plan_.starts[start].reference; };
    size_t best = 0;
    for (size_t i = 1; i < outcomes.size(); ++i) best = share(i) < share(best) ? i : best;
    return best;
  }

  double multiplier(int64_t start) const {
    if (price_) return price_->price()[start].item<double>();
    const auto* paper = std::get_if<PaperObjective>(&plan_.objective);
    return paper ? paper->lambda1 : 1.0;
  }

  at::Tensor outputs_of(const at::Tensor& images, size_t start) const {
    std::vector<at::Tensor> parts;
    int64_t count = 0;
    for (int64_t at = 0; at < images.size(0); at += count) {
      count = next_pass(images.size(0) - at);
      const at::Tensor changed = triggered(images.narrow(0, at, count), static_cast<int64_t>(start), 1)[0];
      parts.push_back(session_.predict_all(changed, false, cancelled_).outputs.cpu());
    }
    return at::cat(parts).contiguous();
  }

  void add_outputs_of_others(InversionResult& result) const {
    if (!plan_.others.defined()) return;
    at::NoGradGuard no_grad;
    result.other_outputs = outputs_of(plan_.others.to(session_.device()), result.best);
  }

  void add_samples(InversionResult& result) const {
    if (plan_.samples.empty()) return;
    at::NoGradGuard no_grad;
    const at::Tensor chosen = at::tensor(plan_.samples, at::TensorOptions().dtype(at::kLong).device(session_.device()));
    const at::Tensor images = session_.images().index_select(0, chosen);
    const at::Tensor changed = triggered(images, static_cast<int64_t>(result.best), 1)[0];
    result.triggered_samples = changed.cpu().contiguous();
    result.triggered_outputs = session_.predict_all(changed, false, cancelled_).outputs.cpu().contiguous();
  }

  const Session& session_;
  const InversionPlan& plan_;
  const CancelFlag& cancelled_;
  int64_t starts_;
  std::unique_ptr<TriggerGenerator> generator_;
  TargetWalk walk_;
  at::Generator indices_;
  torch::optim::Adam optimiser_;
  std::optional<ConstraintPrice> price_;
  std::optional<MomentumAttention> attention_;
};

void check_plan(const Session& session, const InversionPlan& plan) {
  const auto require = [](bool condition, const std::string& expected) {
    if (!condition) throw Error(ErrorCode::ERR_CONFIG, "expected " + expected);
  };
  require(!plan.starts.empty() && plan.starts.size() <= 1024, "between 1 and 1024 starts");
  require(plan.steps >= 1 && plan.steps <= 1'000'000, "between 1 and 1000000 steps");
  require(plan.batch_size >= 2 && plan.batch_size <= 65'536, "a batch of 2 to 65536 images");
  require(plan.learning_rate > 0.0, "a positive learning rate");
  require(plan.seconds >= 0.0, "0 or more seconds");
  require(plan.held_out >= 0 && plan.held_out <= session.images().size(0) - 2, "at least 2 images that are not held out");
  require(!plan.others.defined() || plan.others.sizes().slice(1) == session.images().sizes().slice(1),
          "other images of the session's size");
  require(plan.hopeless_collapse >= 0.0, "a hopeless collapse of 0 or more");
  require(plan.outcome_images == 0 || plan.outcome_images >= 2, "outcomes of all images or of at least 2");
  for (const InversionStart& start : plan.starts) require(start.reference > 0.0, "references above 0");
  for (int64_t index : plan.samples) {
    require(index >= 0 && index < session.images().size(0), "sample indices within the images");
  }
}

}  // namespace

InversionResult invert(const Session& session, const InversionPlan& plan,
                       const std::function<void(const InversionProgress&)>& on_progress, const CancelFlag& cancelled) {
  check_plan(session, plan);
  use_threads(plan.threads);
  return Inversion(session, plan, cancelled).run(on_progress);
}

}  // namespace drmguard
