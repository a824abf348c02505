// An input-aware trigger: G(x) = clamp(x + tanh(D(E(x))), 0, 1), starting at the identity.
#pragma once

#include "trigger/trigger_generator.h"

namespace drmguard {

/// Three encoder levels of two 3×3 convolutions and a halving, three decoder levels that mirror them, as in the
/// authors' published generator; the last layer starts at zero, so that the first G is the identity. Group norm in
/// place of batch norm keeps an image's trigger independent of its batch. The starts are the groups of grouped
/// convolutions.
class EncoderDecoder : public TriggerGenerator {
 public:
  /// width: channels of the first level, a multiple of 4; each further level has twice as many. Half of the published
  /// generator's by default: on a CPU the generator, not the model, would take most of the time.
  EncoderDecoder(const TriggerShape& shape, uint64_t seed, const at::Device& device, int64_t width = 16);

  at::Tensor apply(const at::Tensor& images, int64_t first, int64_t count) const override;
  std::vector<at::Tensor> parameters() const override;

 private:
  struct Convolution {
    /// (starts·out)×in×3×3.
    at::Tensor weight;
    /// starts·out.
    at::Tensor bias;
    int64_t out = 0;
  };

  at::Tensor convolve(const Convolution& layer, const at::Tensor& input, int64_t first, int64_t count) const;
  at::Tensor activate(const Convolution& layer, const at::Tensor& input, int64_t first, int64_t count) const;

  std::vector<Convolution> encoder_;
  std::vector<Convolution> decoder_;
  Convolution last_;
};

}  // namespace drmguard
