// A model and its benign images on a device, with the benign statistics that every objective divides by.
#pragma once

#include <ATen/core/Tensor.h>

#include <algorithm>
#include <atomic>
#include <optional>
#include <string>

#include "model/regression_model.h"
#include "objective/collapse.h"
#include "objective/feature_angle.h"

namespace drmguard {

/// Raised to stop a job; polled between model passes.
using CancelFlag = std::atomic<bool>;
inline const CancelFlag kNeverCancelled{false};

/// Throws ERR_CANCELLED when the flag is raised.
void throw_if_cancelled(const CancelFlag& cancelled);

struct SessionOptions {
  std::string device = "cpu";
  int threads = 1;
  PixelTransform pixels;
  HeadOptions head;
};

class Session {
 public:
  /// images: N×C×H×W float32 in [0,1], on the CPU. Throws what RegressionModel throws, ERR_IMAGES_CONSTANT and ERR_CANCELLED.
  Session(const LoadedModel& loaded, const at::Tensor& images, const SessionOptions& options,
          const CancelFlag& cancelled = kNeverCancelled);

  const RegressionModel& model() const { return model_; }
  /// N×C×H×W on the device.
  const at::Tensor& images() const { return images_; }
  /// f(x), N×d.
  const at::Tensor& benign_outputs() const { return benign_outputs_; }
  const OutputScale& output_scale() const { return output_scale_; }
  /// Absent without a head.
  const std::optional<FeatureScale>& feature_scale() const { return feature_scale_; }
  const at::Device& device() const { return device_; }

  /// Outputs and features of any number of images, in passes of bounded size. No gradient.
  Prediction predict_all(const at::Tensor& images, bool with_features, const CancelFlag& cancelled) const;

 private:
  void measure_benign(const CancelFlag& cancelled);

  at::Device device_;
  at::Tensor images_;
  RegressionModel model_;
  at::Tensor benign_outputs_;
  OutputScale output_scale_;
  std::optional<FeatureScale> feature_scale_;
};

/// Images per pass without gradients: bounds memory and the time until a cancellation is seen.
constexpr int64_t kImagesPerPass = 64;

/// Size of the next pass. Never leaves a single image over: a model that squeezes would lose its batch axis there.
inline int64_t next_pass(int64_t left) {
  return left == kImagesPerPass + 1 ? kImagesPerPass - 1 : std::min(kImagesPerPass, left);
}

}  // namespace drmguard
