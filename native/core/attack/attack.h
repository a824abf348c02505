// Backdoor attacks: what stamps the trigger, during training and when the attack is measured.
#pragma once

#include <ATen/core/Generator.h>
#include <ATen/core/Tensor.h>

#include <memory>
#include <string>
#include <vector>

#include "tensor/named_tensor.h"

namespace drmguard {

/// Which images of the training set carry the trigger.
enum class PoisonSelection {
  /// A subset fixed by the seed: the attacker delivers data.
  fixed_subset,
  /// The same, only images whose label lies nearest to the target, labels untouched: Clean Label.
  nearest_labels,
  /// Drawn anew for every batch: the attacker trains the model (WaNet, input-aware).
  every_batch,
};

/// A trigger function A and how it is taught to a model.
class Attack {
 public:
  virtual ~Attack() = default;

  virtual PoisonSelection selection() const { return PoisonSelection::fixed_subset; }

  /// A(x). images: B×C×H×W in [0,1] → the same shape and range. A pure function of the images and the state;
  /// differentiable in parameters().
  virtual at::Tensor apply(const at::Tensor& images) const = 0;

  /// What the training set shows instead of A(x); differs from apply() where the attack hides or hardens (Clean
  /// Label). batch: images of any label, not all of them poisoned, that the attack may draw on; left out, the images
  /// themselves.
  virtual at::Tensor apply_in_training(const at::Tensor& images, at::Generator& random,
                                       const at::Tensor& batch = {}) const;

  /// Images with a trigger that must not work, their labels kept (WaNet's noise mode, input-aware's cross triggers).
  /// Only for attacks with has_cross(); ERR_INTERNAL otherwise.
  virtual bool has_cross() const { return false; }
  virtual at::Tensor apply_cross(const at::Tensor& images, at::Generator& random) const;

  /// Leaf tensors trained together with the model; empty for a fixed trigger. restore() writes into them, to() replaces
  /// them: ask for them after the last to().
  virtual std::vector<at::Tensor> parameters() const { return {}; }

  /// Runs once before the training, on a sample of the training images (input-aware trains its masks here). Throws
  /// ERR_IMAGES_TOO_FEW when the sample is too small.
  virtual void prepare(const at::Tensor& images, at::Generator& random);

  /// A term of its own added to the training loss, from benign images of the batch; undefined when it has none.
  virtual at::Tensor loss(const at::Tensor& images, at::Generator& random) const;

  /// Everything that apply() needs beside the spec and that another machine might not draw or train to the same bit;
  /// the names are documented at each attack's spec. restore() takes it back, in any order; throws ERR_CONFIG when a
  /// name, a shape or an element type does not fit or a number is not finite, and then changes nothing.
  virtual NamedTensors state() const = 0;
  virtual void restore(const NamedTensors& state) = 0;

  virtual void to(const at::Device& device) = 0;
};

struct ImageShape {
  int64_t channels = 3;
  int64_t height = 0;
  int64_t width = 0;
};

/// A patch of one or two colours (chequered) at a fixed place (Gu et al. 2017). State: none.
struct BadNetsSpec {
  int64_t top = 0;
  int64_t left = 0;
  int64_t size = 3;
  /// One or two colours, each one number per channel in [0,1]; the first is the upper left corner's.
  std::vector<std::vector<double>> colours;
};

/// (1 − α)·x + α·pattern (Chen et al. 2017), the pattern smooth: a grid×grid picture of uniform numbers, interpolated
/// bicubically (corners aligned) and clamped to [0,1]. State: "grid", C×grid×grid float32.
struct BlendedSpec {
  /// In (0,1].
  double alpha = 0.1;
  /// At least 2.
  int64_t grid = 6;
  uint64_t seed = 0;
};

/// Stamps images whose label already lies near the target; labels stay. A(x) = clamp(x + stripes), the stripes
/// amplitude·sin(2π·frequency·(column·cos(angle) + row·sin(angle))/width + phase), as SIG (Barni et al. 2019) at any
/// angle. State: "angle" and "phase", one float32 each, radians.
struct CleanLabelSpec {
  /// In (0,1].
  double amplitude = 0.15;
  /// Periods across the width, above 0, up to half the width (beyond it the stripes alias).
  double frequency = 6;
  /// Angle of the stripes and their phase are drawn from the seed.
  uint64_t seed = 0;
  /// Training only, in [0,1): a stamped image is first blended by this share with a random image of the batch, so that
  /// its content contradicts its label and the model needs the stripes (the interpolation of Turner et al. 2019, in
  /// pixels). 0 stamps the images as they are: a model then has no reason to look at the stripes.
  double concealment = 0.7;
};

/// One network makes an image's pattern, another its mask: A(x) = x + (pattern(x) − x)·mask(x) (Nguyen & Tran 2020).
/// The mask network is trained first, alone, and frozen; the pattern network is trained with the model. State:
/// "pattern.N.weight", "pattern.N.bias", "mask.N.weight", "mask.N.bias", float32, N counting the convolutions.
struct InputAwareSpec {
  /// Weight of the diversity losses, 0 or more.
  double diversity = 1.0;
  /// Share of the pixels that a mask covers, in (0,1).
  double density = 0.032;
  /// Weight of the norm loss that holds the mask's density, above 0.
  double norm = 100;
  uint64_t seed = 0;
};

/// A smooth warp that is the same for all images (Nguyen & Tran 2021). State: "flow", 2×grid×grid float32, the control
/// points' displacements along x and along y, of mean size 1.
struct WaNetSpec {
  /// k: control points per side, at least 2. About a third of the image's side works for regression; the 4 that is
  /// published for classification does not.
  int64_t grid = 16;
  /// s, above 0: the mean displacement along an axis is s/side of the image's half side, that is s/2 pixels.
  double strength = 1.0;
  uint64_t seed = 0;
};

/// All of them throw ERR_CONFIG for a spec out of the ranges above.
std::unique_ptr<Attack> make_badnets(const BadNetsSpec& spec, const ImageShape& shape);
std::unique_ptr<Attack> make_blended(const BlendedSpec& spec, const ImageShape& shape);
std::unique_ptr<Attack> make_clean_label(const CleanLabelSpec& spec, const ImageShape& shape);
std::unique_ptr<Attack> make_input_aware(const InputAwareSpec& spec, const ImageShape& shape);
std::unique_ptr<Attack> make_wanet(const WaNetSpec& spec, const ImageShape& shape);

}  // namespace drmguard
