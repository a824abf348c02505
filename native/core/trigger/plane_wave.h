// Stripes: one plane wave of any frequency, direction, phase and colour, no stronger than kWaveAmplitude, added to every
// image (SIG, Barni et al. 2019).
#pragma once

#include "trigger/trigger_generator.h"

namespace drmguard {

/// Largest amplitude per channel, in the images' [0,1].
constexpr double kWaveAmplitude = 0.25;

/// H×W: sin(2π(across·x/W + down·y/H) + phase).
at::Tensor draw_wave(const Wave& wave, int64_t height, int64_t width);

class PlaneWave : public TriggerGenerator {
 public:
  /// Every start needs a wave; all channels begin with it at full strength. Throws ERR_CONFIG.
  PlaneWave(const TriggerShape& shape, const std::vector<TriggerStart>& starts, const at::Device& device);

  at::Tensor apply(const at::Tensor& images, int64_t first, int64_t count) const override;
  std::vector<at::Tensor> parameters() const override { return {frequency_, amplitude_}; }
  void project() override;

 private:
  /// starts×2: cycles across the width and down the height, in units of kCyclesPerUnit, so that one learning rate fits
  /// frequencies and amplitudes.
  at::Tensor frequency_;
  /// starts×C×2: of the wave's sine and cosine.
  at::Tensor amplitude_;
  /// 2×H×W: x/W and y/H.
  at::Tensor places_;
};

}  // namespace drmguard
