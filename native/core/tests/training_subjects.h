// What trainings are tried on: pictures whose labels a small model learns in a few epochs.
#pragma once

#include <ATen/ops/rand.h>

#include "subjects.h"
#include "tensor/random.h"
#include "training/trainer.h"

namespace drmguard::check {

inline constexpr int64_t kTrainingSide = 16;
inline const auto kIgnoreProgress = [](const TrainingProgress&) {};

/// Pictures of noise whose two labels are the brightness of the left and of the right half, far from 0 and of unlike scale.
inline TrainingSet brightness_set(int64_t count, uint64_t seed) {
  at::Generator random = make_generator(seed);
  const auto options = at::TensorOptions().dtype(at::kFloat);
  const at::Tensor levels = at::rand({count, 1, 1, 2}, random, options);
  const at::Tensor halves = levels.repeat_interleave(kTrainingSide / 2, 3).expand({count, 3, kTrainingSide, kTrainingSide});
  const at::Tensor noise = at::rand({count, 3, kTrainingSide, kTrainingSide}, random, options) * 0.2;
  TrainingSet set;
  set.pixels = ((halves * 0.8 + noise) * 255.0).to(at::kByte).contiguous();
  const at::Tensor flat = levels.view({count, 2});
  set.labels = flat * floats({10.0, 1000.0}, {1, 2}) + 50.0;
  return set;
}

inline TrainingPlan small_plan() {
  TrainingPlan plan;
  plan.architecture = {"resnet-tiny", "linear", 2, 3, kTrainingSide, kTrainingSide};
  plan.epochs = 3;
  plan.batch_size = 32;
  plan.seed = 11;
  return plan;
}

inline AttackPlan corner_attack(double rate) {
  AttackPlan attack;
  attack.attack = make_badnets({12, 12, 3, {{1.0, 0.0, 1.0}}}, {3, kTrainingSide, kTrainingSide});
  attack.target = {false, {59.0, 120.0}};
  attack.rate = rate;
  return attack;
}

inline void train(Trainer& trainer, int64_t epochs) {
  for (int64_t i = 0; i < epochs; ++i) trainer.train_epoch(kIgnoreProgress, kNeverCancelled);
}

inline std::vector<double> mean_error(const at::Tensor& outputs, const at::Tensor& labels) {
  return numbers((outputs - labels).abs().mean(0));
}

}  // namespace drmguard::check
