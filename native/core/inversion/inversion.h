// Trigger inversion: the optimisation loop. Numbers out, no decision.
#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "objective/attention.h"
#include "session/session.h"
#include "trigger/trigger_generator.h"

namespace drmguard {

/// Minimise mean |G(x) − x| subject to collapse ≤ tolerance (design §3).
struct ConstrainedObjective {
  double tolerance = 0.02;
};

/// What a trigger does to the outputs: brings them all to one value, or moves them all by one.
enum class Effect { fixed, offset };

/// Minimise the collapse alone, for families whose triggers are small by themselves.
struct CollapseObjective {
  double tolerance = 0.02;
  /// offset: what collapses is f(G(x)) − f(x), to which the benign mean is added so that targets stay outputs: a target t
  /// stands for the offset t − mean, and targets that walk outward for offsets of a least length. Collapses, targets and
  /// variance ratios are of that sum; output means are the same as of the outputs.
  Effect effect = Effect::fixed;
};

/// λ-weighted sum of output variance, mean L1 and mean RAV (arXiv 2411.04811).
struct PaperObjective {
  double lambda1 = 20.0;
  double lambda2 = 800.0;
  /// λ1 weighs the variance when true, the perturbation otherwise: the paper's text allows both readings.
  bool lambda1_on_variance = true;
  /// Outputs are multiplied by this before their variance is taken; λ1 was published for radians.
  double output_scale = 1.0;
  AttentionUse attention = AttentionUse::weight;
  double momentum = 0.9;
};

/// How a forced target moves while its trigger is sought.
enum class Walk {
  still,
  /// Towards cheaper targets.
  anywhere,
  /// Towards cheaper targets as far from the benign mean as it began: near the mean every model is cheap, and a walk that
  /// may go anywhere runs home before it meets a pit farther out.
  around_mean,
  /// With the outputs: wherever their mean is, but no nearer to the benign mean than the target began. The collapse is
  /// then measured from wherever they went.
  outward,
};

struct InversionStart {
  /// d outputs to force; absent lets them collapse anywhere.
  std::optional<std::vector<double>> target;
  Walk walk = Walk::still;
  TriggerStart trigger;
  /// Collapse alone: what the start's trigger leaves of the variance before it is optimised; the best start is the one
  /// with the least collapse beside it. Above 0.
  double reference = 1.0;
};

struct InversionPlan {
  TriggerFamily family = TriggerFamily::additive_pattern;
  std::variant<ConstrainedObjective, PaperObjective, CollapseObjective> objective;
  std::vector<InversionStart> starts;
  int64_t steps = 250;
  int64_t batch_size = 32;
  double learning_rate = 0.02;
  uint64_t seed = 1;
  int threads = 1;
  /// Wall time after which the loop ends early, with what it has; 0 has no end. How many steps that is depends on the
  /// machine's load: such results are not repeatable.
  double seconds = 0.0;
  /// Halfway, the loop ends when no start has a collapse this small; 0 never ends it.
  double hopeless_collapse = 0.0;
  /// The outcomes are measured on the first so many images; 0 takes all.
  int64_t outcome_images = 0;
  /// So many of the last images play no part in the optimisation, but in the outcomes.
  int64_t held_out = 0;
  /// M×C×H×W in [0,1], images of another kind that the best start's trigger is put on; undefined without.
  at::Tensor others;
  /// Indices of session images whose triggered forms are returned for the best start.
  std::vector<int64_t> samples;
};

/// Means over the last few steps, one number per start.
struct InversionProgress {
  int64_t step = 0;
  int64_t steps = 0;
  std::vector<double> loss;
  std::vector<double> cost;
  std::vector<double> collapse;
  /// Empty without a head.
  std::vector<double> rav;
};

/// Measured with the final trigger on the images that the plan asks for.
struct InversionOutcome {
  double cost = 0.0;
  double collapse = 0.0;
  /// Whether it collapsed: within kReachedSlack of the tolerance; paper, mean RAV < 0.1.
  bool reached = false;
  std::vector<double> target;
  std::vector<double> output_mean;
  std::vector<double> variance_ratio;
  /// Empty without a head.
  std::vector<double> rav;
  std::vector<double> rnv;
  double multiplier = 0.0;
  /// What its patch holds, C×size×size on the CPU; undefined for families without one.
  at::Tensor content;
};

struct InversionResult {
  std::vector<InversionOutcome> outcomes;
  /// The last point is of the last step that was done.
  std::vector<InversionProgress> curve;
  /// Whether the loop ended halfway (InversionPlan::hopeless_collapse).
  bool hopeless = false;
  size_t best = 0;
  /// samples×C×H×W and samples×d, on the CPU.
  at::Tensor triggered_samples;
  at::Tensor triggered_outputs;
  /// f(G(x)) of the best start for the images that its outcome was measured on, N×d, and for the plan's others, M×d; on the
  /// CPU.
  at::Tensor outputs;
  at::Tensor other_outputs;
};

/// Runs all starts of the plan as one batched problem. Equal plans on one machine give bit-equal results; on CUDA not for
/// warps, whose gradients are summed in any order there.
/// Throws ERR_CANCELLED, ERR_NONFINITE, ERR_DEVICE_MEMORY, ERR_HEAD_NOT_FOUND (paper objective without a head).
InversionResult invert(const Session& session, const InversionPlan& plan,
                       const std::function<void(const InversionProgress&)>& on_progress, const CancelFlag& cancelled);

/// Collapse counts as reached up to this multiple of the tolerance: dual ascent ends within a few percent of it.
constexpr double kReachedSlack = 1.25;
/// The paper's Table 1: RAV stays below this for every working backdoor.
constexpr double kReachedRav = 0.1;

}  // namespace drmguard
