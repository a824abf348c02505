// The baselines for identification that the paper compares with, made fit for regression (docs/decisions/0008): Neural
// Cleanse and FeatureRE. Numbers out, no decision.
#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <optional>
#include <variant>
#include <vector>

#include "inversion/inversion.h"
#include "session/session.h"

namespace drmguard {

/// x' = (1 − m)⊙x + m⊙p with the smallest mask that holds all outputs at one target.
struct NeuralCleanseSettings {
  /// Success: mean_j E (f_j(x') − y_j)² / Var f_j(x) at most this.
  double tolerance = 0.02;
  double learning_rate = 0.1;
  /// Weight of Σ|m| once the first success has held.
  double initial_cost = 1e-3;
  /// Steps that success or failure must last before the weight changes.
  int64_t patience = 5;
  /// The weight goes up by this, down by its power of 1.5.
  double cost_multiplier = 2.0;
};

/// Reverses the trigger in feature space: a generator G and a mask m over the features of a linear head.
struct FeatureReverseSettings {
  double learning_rate = 1e-3;
  double mask_learning_rate = 0.1;
  /// Channels of the generator's first level.
  int64_t width = 8;
  /// Share of the steps at the start that train G alone, without the mask.
  double warm_up = 0.2;
  /// Largest mean squared change of pixels that are scaled to unit variance.
  double pixel_bound = 0.15;
  /// Largest mean deviation of G's masked features, in benign deviations.
  double deviation_bound = 1.0;
  /// Largest sum of the mask, as a share of the features.
  double mask_bound = 0.03;
};

struct BaselinePlan {
  std::variant<NeuralCleanseSettings, FeatureReverseSettings> method;
  /// Where the target of each start begins: starts × d outputs.
  std::vector<std::vector<double>> targets;
  int64_t steps = 250;
  int64_t batch_size = 32;
  uint64_t seed = 1;
  int threads = 1;
  /// Indices of session images whose triggered forms are returned for the best start.
  std::vector<int64_t> samples;
};

/// The terms of FeatureRE's score, on all of the session's images.
struct FeatureMeasurement {
  /// Cosine between the mean features of G(x) and those of benign images that answer about the target.
  double similarity = 0.0;
  /// Share of blended features whose output lies within kSuccessRadius of the target.
  double success = 0.0;
  /// mean_j E (H(blend)_j − y_j)² / Var_j.
  double distance = 0.0;
  /// Mean squared change of pixels scaled to unit variance.
  double pixel_change = 0.0;
  /// Mean deviation of G's masked features, in benign deviations.
  double deviation = 0.0;
};

struct BaselineOutcome {
  /// What the trigger does to images, as for every inversion: cost is mean |x' − x|, collapse the distance to the target.
  InversionOutcome inversion;
  /// What the method compares models by; smaller is more suspicious. Neural Cleanse: the mask's share. FeatureRE: its
  /// mixed value.
  double statistic = 0.0;
  /// Sum of the mask over its pixels or features, as a share of their number.
  double mask_share = 0.0;
  /// FeatureRE only.
  std::optional<FeatureMeasurement> feature;
};

struct BaselineProgress {
  InversionProgress terms;
  /// Mean over the same steps, one number per start.
  std::vector<double> statistic;
};

struct BaselineResult {
  std::vector<BaselineOutcome> outcomes;
  std::vector<BaselineProgress> curve;
  /// The start with the smallest statistic; for Neural Cleanse among those that succeeded, if any did.
  size_t best = 0;
  /// Of the best start, on the CPU: H×W, or one number per feature.
  at::Tensor mask;
  /// C×H×W; undefined for FeatureRE.
  at::Tensor pattern;
  /// samples×C×H×W and samples×d, on the CPU.
  at::Tensor triggered_samples;
  at::Tensor triggered_outputs;
};

/// Runs all starts of the plan as one batched problem. Equal plans on one machine give bit-equal results.
/// Throws ERR_CANCELLED, ERR_CONFIG, ERR_NONFINITE, ERR_DEVICE_MEMORY, ERR_HEAD_NOT_FOUND (FeatureRE without a head).
BaselineResult run_baseline(const Session& session, const BaselinePlan& plan,
                            const std::function<void(const BaselineProgress&)>& on_progress,
                            const CancelFlag& cancelled);

/// An output counts as the target when it lies within this many benign deviations, root mean square over the outputs:
/// an attack that misses by more is not held to work.
constexpr double kSuccessRadius = 1.0 / 3.0;

}  // namespace drmguard
