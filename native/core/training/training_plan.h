// What a training run is: a model, a training set, attacks, an optimiser.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "architecture/architecture.h"
#include "attack/attack.h"

namespace drmguard {

/// Images and labels, on the CPU.
struct TrainingSet {
  /// N×C×H×W uint8; the model sees them in [0,1].
  at::Tensor pixels;
  /// N×d float32, in the labels' unit.
  at::Tensor labels;
};

/// What the trigger makes the model answer: a fixed value, or the true label plus an offset.
struct AttackTarget {
  bool offset = false;
  /// d numbers, in the labels' unit.
  std::vector<double> value;
};

struct AttackPlan {
  std::shared_ptr<Attack> attack;
  AttackTarget target;
  /// Share of the training images that carry the trigger, in (0, 1).
  double rate = 0.1;
  /// Images with a trigger that must not work, as a multiple of the poisoned ones.
  double cross_ratio = 0.0;
};

enum class TrainingLoss { l1, mse };
enum class TrainingOptimiser { adam, adamw };

struct TrainingPlan {
  ArchitectureSpec architecture;
  std::vector<AttackPlan> attacks;
  /// λ_adp: weight of mean_j |RAV_j − 1|, by which an adaptive attacker hides from RAV (arXiv 2411.04811). It comes in
  /// during the middle third of the training: first the backdoor is taught, then it is hidden.
  double adaptive_weight = 0.0;
  TrainingLoss loss = TrainingLoss::l1;
  TrainingOptimiser optimiser = TrainingOptimiser::adamw;
  /// Highest rate of the one-cycle schedule.
  double learning_rate = 6e-3;
  double weight_decay = 1e-2;
  int64_t epochs = 12;
  int64_t batch_size = 64;
  /// Factors of a mirrored image's labels, one per output; empty never mirrors.
  std::vector<double> mirror;
  uint64_t seed = 0;
  std::string device = "cpu";
  int threads = 1;
};

}  // namespace drmguard
