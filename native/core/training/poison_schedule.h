// Which images of a training set carry which trigger.
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "training/training_plan.h"

namespace drmguard {

/// Rows of one batch, by what happens to them. Every row is in exactly one list.
struct BatchRoles {
  std::vector<int64_t> clean;
  /// Per attack.
  std::vector<std::vector<int64_t>> poisoned;
  std::vector<std::vector<int64_t>> cross;
};

class PoisonSchedule {
 public:
  /// Chooses the subsets of those attacks that fix one. label_deviation (d) makes outputs comparable.
  /// Throws ERR_CONFIG when the rates leave no clean image or an attack gets none.
  PoisonSchedule(const TrainingPlan& plan, const TrainingSet& set, const at::Tensor& label_deviation);

  /// images: indices into the training set, in the batch's random order.
  BatchRoles roles(const std::vector<int64_t>& images) const;

 private:
  void choose_random_subsets(const TrainingPlan& plan, int64_t count);
  void choose_nearest(size_t attack, const TrainingPlan& plan, const TrainingSet& set, const at::Tensor& deviation);

  struct EveryBatch {
    size_t attack;
    double rate;
    double cross_rate;
  };

  size_t attacks_;
  /// Per image: the attack that owns it, or −1.
  std::vector<int> owner_;
  std::vector<EveryBatch> every_batch_;
};

}  // namespace drmguard
