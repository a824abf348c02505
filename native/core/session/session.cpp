#include "session/session.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/isfinite.h>

#include "error/error.h"
#include "tensor/device.h"

namespace drmguard {

void throw_if_cancelled(const CancelFlag& cancelled) {
  if (cancelled.load(std::memory_order_relaxed)) throw Error(ErrorCode::ERR_CANCELLED, "the job was cancelled");
}

Session::Session(const LoadedModel& loaded, const at::Tensor& images, const SessionOptions& options,
                 const CancelFlag& cancelled)
    : device_(require_device(options.device)),
      images_(images.to(device_)),
      model_((use_threads(options.threads), loaded), options.pixels, images.sizes().slice(1), device_, options.head) {
  measure_benign(cancelled);
}

Prediction Session::predict_all(const at::Tensor& images, bool with_features, const CancelFlag& cancelled) const {
  at::NoGradGuard no_grad;
  std::vector<at::Tensor> outputs;
  std::vector<at::Tensor> features;
  int64_t count = 0;
  for (int64_t start = 0; start < images.size(0); start += count) {
    throw_if_cancelled(cancelled);
    count = next_pass(images.size(0) - start);
    const Prediction part = model_.predict(images.narrow(0, start, count), with_features);
    outputs.push_back(part.outputs);
    if (part.features.defined()) features.push_back(part.features);
  }
  return {at::cat(outputs), features.empty() ? at::Tensor() : at::cat(features)};
}

void Session::measure_benign(const CancelFlag& cancelled) {
  const Prediction benign = predict_all(images_, model_.head().has_value(), cancelled);
  benign_outputs_ = benign.outputs;
  if (!at::isfinite(benign_outputs_).all().item<bool>()) {
    throw Error(ErrorCode::ERR_MODEL_NONFINITE, "the model answers NaN or infinity for a benign image");
  }
  output_scale_ = {benign_outputs_.mean(0), benign_outputs_.var(0, /*unbiased=*/true)};
  const double least = output_scale_.variance.min().item<double>();
  const double size = benign_outputs_.abs().max().item<double>();
  if (!(least > 1e-12 * (1.0 + size * size))) {
    throw Error(ErrorCode::ERR_IMAGES_CONSTANT,
                "expected outputs that vary over the benign images; at least one output has variance " +
                    std::to_string(least));
  }
  if (benign.features.defined()) {
    const Head& head = *model_.head();
    feature_scale_ = FeatureScale{feature_angles(benign.features, head).var(0, true),
                                  feature_norms(benign.features, head).var(0, true)};
  }
}

}  // namespace drmguard
