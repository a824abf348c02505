// Planted squares and stripes, and the inversion that only collapses: the same on the CPU and on a GPU.
#pragma once

#include "inversion/inversion.h"
#include "planted_backdoor.h"
#include "probe/wave_sweep.h"
#include "trigger/plane_wave.h"

namespace drmguard::check {

inline constexpr Wave kPlantedWave{3.0, 2.0, 0.7};

/// The template is the stripes themselves, on all channels.
inline Session striped_session(const std::string& device = "cpu") {
  const at::Tensor stripes = draw_wave(kPlantedWave, kPlantedSide, kPlantedSide).expand({1, 3, kPlantedSide, kPlantedSide});
  return planted_session(planted_backdoor(stripes * 0.25, -7.0), device);
}

inline InversionStart outward(const Session& session, TriggerStart trigger) {
  // A target one deviation from the mean: only its distance counts.
  InversionStart start;
  start.target = numbers(session.output_scale().mean + session.output_scale().variance.sqrt());
  start.walk = Walk::outward;
  start.trigger = std::move(trigger);
  return start;
}

inline InversionResult collapsed(const Session& session, TriggerFamily family, std::vector<InversionStart> starts, double rate,
                          int64_t outcome_images = 0) {
  InversionPlan plan;
  plan.family = family;
  plan.objective = CollapseObjective{};
  plan.starts = std::move(starts);
  plan.steps = 40;
  plan.batch_size = 8;
  plan.learning_rate = rate;
  plan.seed = 3;
  plan.outcome_images = outcome_images;
  plan.samples = {1};
  return invert(session, plan, [](const InversionProgress&) {}, kNeverCancelled);
}

inline Patch grey_square(int64_t top, int64_t left, int64_t size) { return {top, left, size, {0.5, 0.5, 0.5}}; }

}  // namespace drmguard::check
