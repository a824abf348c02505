// Small models to tune, and what they learn: the same subjects on the CPU and on a GPU.
#pragma once

#include "architecture/architecture.h"
#include "mitigation/tuner.h"
#include "training_subjects.h"

namespace drmguard::check {

inline const TuningListener kNoListener = [](const TuningProgress&) {};

inline Architecture subject() { return make_architecture({"resnet-tiny", "linear", 2, 3, kTrainingSide, kTrainingSide}, 5); }

inline TunableModel tunable(const std::string& archive) {
  return tunable_torchscript(reinterpret_cast<const uint8_t*>(archive.data()), archive.size());
}

inline Tuner tuner_of(const std::string& archive, const std::string& device = "cpu") {
  TunerOptions options;
  options.device = device;
  options.image_shape = {3, kTrainingSide, kTrainingSide};
  return Tuner(tunable(archive), options);
}

inline at::Tensor images_of(const TrainingSet& set) { return set.pixels.to(at::kFloat) / 255.0; }

/// Labels at the scale of an untrained model's answers.
inline at::Tensor labels_of(const TrainingSet& set) { return (set.labels - 50.0) / floats({10.0, 1000.0}, {1, 2}); }

inline TuningPlan short_plan() {
  TuningPlan plan;
  plan.steps = 60;
  plan.batch_size = 32;
  plan.learning_rate = 5e-3;
  plan.seed = 3;
  return plan;
}

inline double error_of(const Tuner& tuner, const TrainingSet& set) {
  return (tuner.predict(images_of(set)) - labels_of(set)).abs().mean().item<double>();
}

}  // namespace drmguard::check
