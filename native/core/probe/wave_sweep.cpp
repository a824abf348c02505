#include "probe/wave_sweep.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/stack.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "error/error.h"
#include "probe/spread_images.h"
#include "tensor/device.h"
#include "trigger/plane_wave.h"

namespace drmguard {
namespace {

constexpr int kPhases = 4;
constexpr double kMostCycles = 128.0;
/// Benign deviations; a collapse onto the mean itself is what strong stripes do to every model.
constexpr double kFarEnough = 1.0;
/// A few images tell a collapse of their own from one of all images badly: so many times the waves that are kept are looked
/// at again, on so many times the images.
constexpr size_t kLookedAtAgain = 20;
constexpr int64_t kMoreImages = 4;

/// Whole frequencies of a half plane, each at four phases: the other half is the same waves run backwards.
std::vector<Wave> every_wave(double lowest, double highest) {
  std::vector<Wave> all;
  const int most = static_cast<int>(std::floor(highest));
  for (int across = 0; across <= most; ++across) {
    for (int down = -most; down <= most; ++down) {
      const double frequency = std::hypot(across, down);
      if ((across == 0 && down <= 0) || frequency < lowest || frequency > highest) continue;
      for (int phase = 0; phase < kPhases; ++phase) {
        all.push_back({static_cast<double>(across), static_cast<double>(down), phase * 2.0 * std::numbers::pi / kPhases});
      }
    }
  }
  return all;
}

double suspicion(const ProbedWave& probed) {
  const double missing = std::max(0.0, kFarEnough - probed.reading.shift);
  return -(probed.reading.variance_ratio + missing * missing);
}

/// The first of them the most suspicious.
void keep_most_suspicious(std::vector<ProbedWave>& probed, size_t most) {
  std::stable_sort(probed.begin(), probed.end(),
                   [](const ProbedWave& a, const ProbedWave& b) { return suspicion(a) > suspicion(b); });
  probed.resize(std::min(probed.size(), most));
}

double median_variance_ratio(const std::vector<ProbedWave>& probed) {
  std::vector<double> ratios;
  for (const ProbedWave& wave : probed) ratios.push_back(wave.reading.variance_ratio);
  const auto middle = ratios.begin() + static_cast<std::ptrdiff_t>(ratios.size() / 2);
  std::nth_element(ratios.begin(), middle, ratios.end());
  return *middle;
}

class WaveSweep {
 public:
  WaveSweep(const Session& session, int64_t images, uint64_t seed)
      : session_(session),
        indices_(spread_images(session, images, seed)),
        images_(session.images().index_select(0, indices_)),
        benign_(session.benign_outputs().index_select(0, indices_)),
        deviation_(session.output_scale().variance.sqrt()) {}

  std::vector<ProbedWave> read(const std::vector<Wave>& waves, const CancelFlag& cancelled) const {
    std::vector<at::Tensor> drawn;
    for (const Wave& wave : waves) drawn.push_back(draw_wave(wave, images_.size(2), images_.size(3)));
    const at::Tensor stripes = (at::stack(drawn) * kWaveAmplitude).to(session_.device()).unsqueeze(1).unsqueeze(1);
    const at::Tensor striped = (images_.unsqueeze(0) + stripes).clamp(0.0, 1.0).flatten(0, 1);
    const at::Tensor outputs = session_.predict_all(striped, false, cancelled)
                                   .outputs.view({static_cast<int64_t>(waves.size()), images_.size(0), -1});
    const std::vector<Reading> readings = read_outputs(outputs, benign_, deviation_);
    std::vector<ProbedWave> probed;
    for (size_t i = 0; i < waves.size(); ++i) probed.push_back({waves[i], readings[i]});
    return probed;
  }

  /// All of them in passes; on_progress(done) counts them.
  std::vector<ProbedWave> read_all(const std::vector<Wave>& waves, const std::function<void(size_t)>& on_progress,
                                   const CancelFlag& cancelled) const {
    std::vector<ProbedWave> probed;
    for (size_t first = 0; first < waves.size(); first += per_pass()) {
      throw_if_cancelled(cancelled);
      const size_t last = std::min(waves.size(), first + per_pass());
      const std::vector<ProbedWave> some = read({waves.begin() + static_cast<std::ptrdiff_t>(first),
                                                 waves.begin() + static_cast<std::ptrdiff_t>(last)}, cancelled);
      probed.insert(probed.end(), some.begin(), some.end());
      on_progress(last);
    }
    return probed;
  }

 private:
  /// Waves of a pass.
  size_t per_pass() const { return static_cast<size_t>(std::max<int64_t>(1, 4 * kImagesPerPass / images_.size(0))); }

  const Session& session_;
  at::Tensor indices_;
  at::Tensor images_;
  at::Tensor benign_;
  at::Tensor deviation_;
};

}  // namespace

WaveSweepResult wave_sweep(const Session& session, const WaveSweepPlan& plan,
                           const std::function<void(int64_t, int64_t)>& on_progress, const CancelFlag& cancelled) {
  // Written so that NaN is refused too.
  const bool in_range = plan.images >= 2 && plan.lowest >= 0.0 && plan.highest <= kMostCycles;
  const std::vector<Wave> waves = in_range ? every_wave(plan.lowest, plan.highest) : std::vector<Wave>{};
  if (waves.empty()) {
    throw Error(ErrorCode::ERR_CONFIG, "expected at least 2 images, and frequencies of up to 128 cycles with a whole one among them");
  }
  use_threads(plan.threads);
  at::NoGradGuard no_grad;
  const auto total = static_cast<int64_t>(waves.size());
  std::vector<ProbedWave> probed = WaveSweep(session, plan.images, plan.seed)
                                       .read_all(waves, [&](size_t done) { on_progress(static_cast<int64_t>(done), total); }, cancelled);
  WaveSweepResult result{total, median_variance_ratio(probed), {}};
  keep_most_suspicious(probed, kLookedAtAgain * plan.keep);
  std::vector<Wave> suspicious;
  for (const ProbedWave& wave : probed) suspicious.push_back(wave.wave);
  result.best = WaveSweep(session, kMoreImages * plan.images, plan.seed).read_all(suspicious, [](size_t) {}, cancelled);
  keep_most_suspicious(result.best, plan.keep);
  return result;
}

}  // namespace drmguard
