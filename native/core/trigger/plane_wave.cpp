#include "trigger/plane_wave.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/tensor.h>

#include <cmath>
#include <numbers>

#include "error/error.h"

namespace drmguard {
namespace {

constexpr double kCyclesPerUnit = 2.5;

/// 2×H×W: x/W and y/H of every pixel.
at::Tensor shares(int64_t height, int64_t width) {
  const auto options = at::TensorOptions().dtype(at::kFloat);
  const at::Tensor x = at::arange(width, options) / static_cast<double>(width);
  const at::Tensor y = at::arange(height, options) / static_cast<double>(height);
  return at::stack({x.expand({height, width}), y.unsqueeze(1).expand({height, width})});
}

}  // namespace

at::Tensor draw_wave(const Wave& wave, int64_t height, int64_t width) {
  const at::Tensor places = shares(height, width);
  return ((places[0] * wave.across + places[1] * wave.down) * (2.0 * std::numbers::pi) + wave.phase).sin();
}

PlaneWave::PlaneWave(const TriggerShape& shape, const std::vector<TriggerStart>& starts, const at::Device& device)
    : places_(shares(shape.height, shape.width).to(device)) {
  std::vector<double> frequencies;
  std::vector<double> amplitudes;
  for (int64_t start = 0; start < shape.starts; ++start) {
    const bool given = static_cast<size_t>(start) < starts.size() && starts[static_cast<size_t>(start)].wave.has_value();
    if (!given) throw Error(ErrorCode::ERR_CONFIG, "expected a wave for every start of this family");
    const Wave& wave = *starts[static_cast<size_t>(start)].wave;
    frequencies.insert(frequencies.end(), {wave.across / kCyclesPerUnit, wave.down / kCyclesPerUnit});
    for (int64_t channel = 0; channel < shape.channels; ++channel) {
      amplitudes.insert(amplitudes.end(), {kWaveAmplitude * std::cos(wave.phase), kWaveAmplitude * std::sin(wave.phase)});
    }
  }
  const auto options = at::TensorOptions().dtype(at::kFloat);
  frequency_ = at::tensor(frequencies, options).view({shape.starts, 2}).to(device).set_requires_grad(true);
  amplitude_ = at::tensor(amplitudes, options).view({shape.starts, shape.channels, 2}).to(device).set_requires_grad(true);
}

at::Tensor PlaneWave::apply(const at::Tensor& images, int64_t first, int64_t count) const {
  const at::Tensor cycles = frequency_.narrow(0, first, count) * kCyclesPerUnit;
  const at::Tensor angle = (cycles.view({count, 2, 1, 1}) * places_).sum(1, /*keepdim=*/true) * (2.0 * std::numbers::pi);
  const at::Tensor amplitude = amplitude_.narrow(0, first, count).unsqueeze(-1);
  const at::Tensor wave = angle.sin() * amplitude.select(2, 0).unsqueeze(-1) + angle.cos() * amplitude.select(2, 1).unsqueeze(-1);
  const at::Tensor sum = images.unsqueeze(0) + wave.unsqueeze(1);
  // Straight through the clamp, as for an additive pattern.
  return sum + (sum.clamp(0.0, 1.0) - sum).detach();
}

void PlaneWave::project() {
  at::NoGradGuard no_grad;
  const at::Tensor size = amplitude_.norm(2, {2}, /*keepdim=*/true);
  amplitude_.mul_((kWaveAmplitude / size.clamp_min(1e-12)).clamp_max(1.0));
}

}  // namespace drmguard
