// Changes a model's weights: trains them further, switches neurons off. What is right, the caller says.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "mitigation/neurons.h"
#include "mitigation/tunable_model.h"
#include "model/pixel_transform.h"
#include "model/regression_model.h"
#include "session/session.h"
#include "tensor/named_tensor.h"
#include "training/training_plan.h"

namespace drmguard {

struct TunerOptions {
  std::string device = "cpu";
  int threads = 1;
  PixelTransform pixels;
  /// C×H×W.
  std::vector<int64_t> image_shape;
};

struct TuningPlan {
  int64_t steps = 0;
  int64_t batch_size = 0;
  /// Highest of the one-cycle schedule; AdamW.
  double learning_rate = 0.0;
  double weight_decay = 0.0;
  TrainingLoss loss = TrainingLoss::l1;
  uint64_t seed = 0;
};

/// Adversarial neuron pruning (Wu & Wang 2021), adapted to regression: the mask m over the neurons minimises
/// α·L(m) + (1 − α)·max L(m + δ, 1 + ξ) with |δ|, |ξ| ≤ ε.
struct MaskPlan {
  int64_t steps = 0;
  int64_t batch_size = 0;
  double learning_rate = 0.2;
  /// ε.
  double bound = 0.4;
  /// α.
  double balance = 0.2;
  uint64_t seed = 0;
};

struct TuningProgress {
  int64_t step = 0;
  int64_t steps = 0;
  /// Mean over the steps so far, in label deviations.
  double loss = 0.0;
};
using TuningListener = std::function<void(const TuningProgress&)>;

class Tuner {
 public:
  /// Throws ERR_DEVICE and what trying the model on grey images throws (RegressionModel).
  Tuner(TunableModel model, TunerOptions options);

  int64_t outputs() const { return outputs_; }
  int64_t parameter_count() const;
  /// Neurons per layer, in the program's order.
  std::vector<int64_t> neuron_groups() const;

  /// images: N×C×H×W float32 in [0,1]; labels: N×d. Every image once before any comes again. Batch norms keep their
  /// statistics, dropout is off: the model that is trained is the one that runs. Returns the mean loss.
  /// Throws ERR_NONFINITE, ERR_CANCELLED, ERR_CONFIG.
  double train(const TuningPlan& plan, const at::Tensor& images, const at::Tensor& labels, const TuningListener& listener,
               const CancelFlag& cancelled = kNeverCancelled);

  /// N×d, on the CPU.
  at::Tensor predict(const at::Tensor& images, const CancelFlag& cancelled = kNeverCancelled) const;

  /// Per neuron, the mean of what is positive of its output over images and places.
  at::Tensor activations(const at::Tensor& images, const CancelFlag& cancelled = kNeverCancelled) const;

  /// One number in [0,1] per neuron; the least are most easily used against the model. Weights stay as they are.
  at::Tensor neuron_masks(const MaskPlan& plan, const at::Tensor& images, const at::Tensor& labels,
                          const TuningListener& listener, const CancelFlag& cancelled = kNeverCancelled) const;

  /// Multiplies every neuron's weights (and bias) by its factor; 0 switches it off.
  void scale_neurons(const at::Tensor& factors);

  /// Parameters with the state dict's names, on the CPU.
  NamedTensors weights() const;
  /// Throws ERR_CONFIG when they are not those of weights().
  void restore(const NamedTensors& weights);

  /// A copy to scan.
  LoadedModel snapshot() const;
  /// The TorchScript archive that the model came in, with the present weights. Throws ERR_USAGE for other models.
  std::string torchscript_archive() const;

 private:
  at::Tensor outputs_of(const at::Tensor& images, const Overrides& overrides = {}) const;
  at::Tensor parameter(ValueId id) const { return *model_.program.constant(id); }
  int64_t neuron_count() const;

  TunableModel model_;
  TunerOptions options_;
  at::Device device_;
  std::vector<NeuronGroup> neurons_;
  int64_t outputs_ = 0;
};

}  // namespace drmguard
