// FeatureRE (Wang et al., NeurIPS 2022) for regression: a generator and a feature mask, the target optimised with them.
#pragma once

#include <torch/optim/adam.h>

#include <memory>
#include <optional>
#include <vector>

#include "baseline/feature_terms.h"
#include "baseline/reverse_search.h"
#include "trigger/encoder_decoder.h"

namespace drmguard {

class FeatureReverse : public ReverseSearch {
 public:
  /// Throws ERR_HEAD_NOT_FOUND without a linear head.
  FeatureReverse(const Session& session, const BaselinePlan& plan, const CancelFlag& cancelled);

  ReverseStep take_step(int64_t step, const at::Tensor& images) override;
  void finish() override;
  at::Tensor triggered(const at::Tensor& images, int64_t start) const override;
  at::Tensor targets() const override;
  void complete(int64_t start, const at::Tensor& changed, BaselineOutcome& outcome) const override;
  void add_trigger(int64_t start, BaselineResult& result) const override;

 private:
  struct Part {
    StepTerms step;
    FeatureTerms feature;
  };

  void measure_benign();
  Part backward(const at::Tensor& images, const at::Tensor& reference, bool warm_up, int64_t first, int64_t count);
  /// The generator's loss, whose constraints switch on when they are violated. One number per start.
  at::Tensor generator_loss(const FeatureTerms& terms, bool warm_up, int64_t first, int64_t count) const;
  void step_mask(const at::Tensor& features, const at::Tensor& reference, const at::Tensor& targets, int64_t first);
  FeatureTerms measure(const at::Tensor& images, const at::Tensor& changed, const at::Tensor& features,
                       const at::Tensor& outputs, const at::Tensor& mask, const at::Tensor& targets) const;
  /// Mean features of the benign images that answer nearest to each target: R×d → R×F.
  at::Tensor features_near(const at::Tensor& targets) const;
  at::Tensor answer(const at::Tensor& features) const;
  at::Tensor mask(int64_t first, int64_t count) const;
  int64_t feature_count() const { return benign_features_.size(1); }
  /// Remembers each start's best epoch and sets the weights of the constraints.
  void end_epoch();
  std::vector<at::Tensor> parameters() const;

  const Session& session_;
  const CancelFlag& cancelled_;
  FeatureReverseSettings settings_;
  int64_t starts_;
  int64_t warm_up_steps_;
  /// N×F, F, d and 1×C×1×1.
  at::Tensor benign_features_;
  at::Tensor benign_deviation_;
  at::Tensor bias_;
  at::Tensor pixel_variance_;
  EncoderDecoder generator_;
  /// Unbounded, R×F.
  at::Tensor mask_;
  TargetVariable target_;
  at::Generator references_;
  std::optional<torch::optim::Adam> optimiser_;
  std::optional<torch::optim::Adam> mask_optimiser_;
  std::vector<FeatureTerms> epoch_;
  /// Of distance, pixel change and deviation, per start.
  at::Tensor distance_weight_;
  at::Tensor pixel_weight_;
  at::Tensor deviation_weight_;
  std::vector<double> best_;
  std::vector<at::Tensor> kept_;
};

}  // namespace drmguard
