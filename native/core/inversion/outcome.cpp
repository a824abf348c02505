#include "inversion/outcome.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/cat.h>

#include "tensor/doubles.h"

namespace drmguard {

at::Tensor followed(Effect effect, const at::Tensor& outputs, const at::Tensor& benign, const OutputScale& scale) {
  return effect == Effect::fixed ? outputs : outputs - benign + scale.mean;
}

void OutcomeMeter::add(const at::Tensor& images, const at::Tensor& triggered) {
  const Prediction prediction = session_.model().predict(triggered, session_.model().head().has_value());
  outputs_.push_back(prediction.outputs);
  if (prediction.features.defined()) features_.push_back(prediction.features);
  absolute_change_ += (triggered - images).abs().sum(at::kDouble).item<double>();
  pixels_ += images.numel();
}

InversionOutcome OutcomeMeter::outcome(const std::optional<at::Tensor>& target) const {
  const at::Tensor outputs = followed_outputs().unsqueeze(0);
  const OutputScale& benign = session_.output_scale();
  InversionOutcome outcome;
  outcome.cost = absolute_change_ / static_cast<double>(pixels_);
  outcome.output_mean = to_doubles(outputs.mean(1)[0]);
  outcome.variance_ratio = to_doubles(outputs.var(1, true)[0] / benign.variance);
  const at::Tensor collapse = target ? target_distance_ratio(outputs, target->unsqueeze(0), benign)
                                     : output_variance_ratio(outputs, benign);
  outcome.collapse = collapse.item<double>();
  outcome.target = target ? to_doubles(*target) : outcome.output_mean;
  if (!features_.empty()) {
    const at::Tensor features = at::cat(features_).unsqueeze(0);
    const Head& head = *session_.model().head();
    outcome.rav = to_doubles(angle_variance_ratio(features, head, *session_.feature_scale())[0]);
    outcome.rnv = to_doubles(norm_variance_ratio(features, head, *session_.feature_scale())[0]);
  }
  return outcome;
}

at::Tensor OutcomeMeter::outputs() const { return at::cat(outputs_); }

at::Tensor OutcomeMeter::mean() const { return followed_outputs().mean(0); }

at::Tensor OutcomeMeter::followed_outputs() const {
  const at::Tensor outputs = at::cat(outputs_);
  return followed(effect_, outputs, session_.benign_outputs().narrow(0, 0, outputs.size(0)), session_.output_scale());
}

TriggerEffect measure_trigger(const Session& session, const at::Tensor& triggered, const CancelFlag& cancelled) {
  at::NoGradGuard no_grad;
  OutcomeMeter meter(session);
  int64_t count = 0;
  for (int64_t start = 0; start < triggered.size(0); start += count) {
    throw_if_cancelled(cancelled);
    count = next_pass(triggered.size(0) - start);
    meter.add(session.images().narrow(0, start, count), triggered.narrow(0, start, count).to(session.device()));
  }
  return {meter.outcome(std::nullopt), meter.outputs()};
}

size_t best_start(const std::vector<InversionOutcome>& outcomes) {
  size_t best = 0;
  for (size_t i = 1; i < outcomes.size(); ++i) {
    const bool better_class = outcomes[i].reached && !outcomes[best].reached;
    const bool same_class = outcomes[i].reached == outcomes[best].reached;
    if (better_class || (same_class && outcomes[i].cost < outcomes[best].cost)) best = i;
  }
  return best;
}

}  // namespace drmguard
