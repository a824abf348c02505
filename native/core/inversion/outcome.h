// The final measurement of an inversion, on all benign images rather than on a batch.
#pragma once

#include <optional>
#include <vector>

#include "inversion/inversion.h"

namespace drmguard {

/// What should collapse (CollapseObjective::effect). outputs: …×B×d, benign: B×d.
at::Tensor followed(Effect effect, const at::Tensor& outputs, const at::Tensor& benign, const OutputScale& scale);

/// Collects triggered forms of the session's images, from the first on, in passes and sums them up.
class OutcomeMeter {
 public:
  explicit OutcomeMeter(const Session& session, Effect effect = Effect::fixed) : session_(session), effect_(effect) {}

  /// images and triggered: N×C×H×W.
  void add(const at::Tensor& images, const at::Tensor& triggered);
  /// target: d, absent for a free collapse, whose target is where the outputs ended.
  InversionOutcome outcome(const std::optional<at::Tensor>& target) const;
  /// f of the triggered images, N×d.
  at::Tensor outputs() const;
  /// Their mean, d.
  at::Tensor mean() const;

 private:
  /// N×d.
  at::Tensor followed_outputs() const;

  const Session& session_;
  Effect effect_;
  std::vector<at::Tensor> outputs_;
  std::vector<at::Tensor> features_;
  double absolute_change_ = 0.0;
  int64_t pixels_ = 0;
};

/// What a given trigger does, measured on the session's images.
struct TriggerEffect {
  /// As of a free collapse.
  InversionOutcome outcome;
  /// f(A(x)), N×d.
  at::Tensor outputs;
};

/// triggered: A(x) of every image of the session, N×C×H×W in [0,1].
TriggerEffect measure_trigger(const Session& session, const at::Tensor& triggered, const CancelFlag& cancelled);

/// The cheapest start that reached its collapse; the cheapest of all when none did.
size_t best_start(const std::vector<InversionOutcome>& outcomes);

}  // namespace drmguard
