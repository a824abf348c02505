// Trains a regression model, benign or backdoored, epoch by epoch. An epoch's random numbers depend on the seed and the
// epoch alone, so that a run that goes on from a saved state gives the weights of one that was never interrupted.
#pragma once

#include <functional>
#include <optional>

#include "session/session.h"
#include "tensor/named_tensor.h"
#include "training/fused_adam.h"
#include "training/poison_schedule.h"
#include "training/training_plan.h"

namespace drmguard {

struct TrainingProgress {
  int64_t epoch = 0;
  int64_t epochs = 0;
  int64_t batch = 0;
  int64_t batches = 0;
  /// Mean training loss since the epoch began, in the labels' unit (squared for mse), averaged over outputs.
  double loss = 0.0;
};

struct EpochResult {
  /// Epochs finished so far.
  int64_t epoch = 0;
  double loss = 0.0;
  double learning_rate = 0.0;
};

class Trainer {
 public:
  /// Throws ERR_CONFIG, ERR_IMAGES_TOO_FEW, ERR_DEVICE and what make_architecture throws.
  Trainer(TrainingPlan plan, TrainingSet set);

  /// Throws ERR_NONFINITE when the loss leaves the numbers, ERR_CANCELLED between batches; the weights are then those of
  /// the middle of an epoch: restore() a state to go on.
  EpochResult train_epoch(const std::function<void(const TrainingProgress&)>& on_progress, const CancelFlag& cancelled);

  /// N×C×H×W uint8 → N×d in the labels' unit, in evaluation mode.
  at::Tensor predict(const at::Tensor& pixels, const CancelFlag& cancelled = kNeverCancelled);

  int64_t epoch() const { return epoch_; }
  int64_t parameter_count() const;
  const TrainingPlan& plan() const { return plan_; }

  /// Weights and running statistics with torch's names; the head answers in the labels' unit.
  NamedTensors weights() const;
  /// What an attack needs to stamp again.
  NamedTensors attack_state(size_t attack) const;
  /// Everything that training goes on from.
  NamedTensors state() const;
  /// Throws ERR_CONFIG when the state is of another plan.
  void restore(const NamedTensors& state);

 private:
  struct Batch {
    at::Tensor images;
    /// Standardised.
    at::Tensor labels;
    int64_t clean_rows = 0;
    /// Rows [first, second) that carry a trigger that has to work.
    std::vector<std::pair<int64_t, int64_t>> poisoned_rows;
  };

  void prepare_attacks();
  void make_optimisers();
  Batch make_batch(const at::Tensor& indices, at::Generator& random) const;
  /// hiding: what the adaptive loss weighs in this step; rate: share of the highest learning rate.
  double take_step(const Batch& batch, double hiding, double rate, at::Generator& random);
  at::Tensor loss_of(const at::Tensor& residual) const;
  at::Tensor adaptive_loss(const at::Tensor& features, const Batch& batch) const;
  at::Tensor poisoned_labels(const AttackPlan& attack, const at::Tensor& labels) const;

  TrainingPlan plan_;
  TrainingSet set_;
  at::Device device_;
  /// Per output, of the clean training labels: the program is trained on standardised labels, so that no learning rate
  /// depends on their unit.
  at::Tensor label_mean_;
  at::Tensor label_deviation_;
  Architecture architecture_;
  std::vector<at::Tensor> parameters_;
  PoisonSchedule schedule_;
  std::optional<FusedAdam> optimiser_;
  /// For attacks that are trained as well; absent when none is.
  std::optional<FusedAdam> attack_optimiser_;
  int64_t epoch_ = 0;
};

}  // namespace drmguard
