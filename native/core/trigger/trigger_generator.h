// G_θ: maps benign images to triggered ones. A generator holds several independent starts, each with parameters of its
// own, so that restarts are one batched problem.
#pragma once

#include <ATen/core/Tensor.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace drmguard {

/// A square patch of one colour, where a start begins.
struct Patch {
  int64_t top = 0;
  int64_t left = 0;
  int64_t size = 0;
  /// Per channel, in [0,1].
  std::vector<double> colour;
};

/// A plane wave, where a start begins.
struct Wave {
  /// Cycles across the image's width and down its height; either may be negative.
  double across = 0.0;
  double down = 0.0;
  /// Radians at the upper left corner.
  double phase = 0.0;
};

/// Where a start's trigger begins; a family reads what is its own.
struct TriggerStart {
  std::optional<Patch> patch;
  std::optional<Wave> wave;
  /// C×size×size in [0,1]: what the patch holds, instead of its colour and some noise. Undefined without.
  at::Tensor content{};
};

class TriggerGenerator {
 public:
  virtual ~TriggerGenerator() = default;

  /// images: B×C×H×W in [0,1] → count×B×C×H×W in [0,1], for the starts first … first+count−1. Differentiable in θ.
  virtual at::Tensor apply(const at::Tensor& images, int64_t first, int64_t count) const = 0;

  /// What the trigger costs, per start, where the family measures that otherwise than by mean |G(x) − x|. Undefined then.
  virtual at::Tensor own_cost(int64_t /*first*/, int64_t /*count*/) const { return {}; }

  /// What the start's patch holds now, C×size×size. Undefined for families without one.
  virtual at::Tensor content(int64_t /*start*/) const { return {}; }

  /// Leaf tensors to optimise; the first axis of each is the start (or a multiple of it).
  virtual std::vector<at::Tensor> parameters() const = 0;

  /// Brings θ back into its range after an optimisation step.
  virtual void project() {}
};

enum class TriggerFamily { additive_pattern, smooth_warp, encoder_decoder, patch, wave };

struct TriggerShape {
  int64_t starts = 1;
  int64_t channels = 3;
  int64_t height = 0;
  int64_t width = 0;
};

/// Throws ERR_CONFIG for a patch that does not fit the images or has not one number per channel.
void require_inside(const Patch& patch, const TriggerShape& shape);

/// Makes a generator that starts at the identity, or at a patch where one is given (additive pattern only). Patches and
/// waves start where they are told.
std::unique_ptr<TriggerGenerator> make_trigger_generator(TriggerFamily family, const TriggerShape& shape,
                                                         const std::vector<TriggerStart>& starts,
                                                         uint64_t seed, const at::Device& device);

}  // namespace drmguard
