#include "model/regression_model.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/isfinite.h>
#include <ATen/ops/zeros.h>

#include "error/error.h"
#include "model/attach_head.h"

namespace drmguard {
namespace {

std::string shape_text(at::IntArrayRef shape) {
  std::string text;
  for (int64_t extent : shape) text += (text.empty() ? "" : "×") + std::to_string(extent);
  return text.empty() ? "scalar" : text;
}

}  // namespace

RegressionModel::RegressionModel(const LoadedModel& loaded, const PixelTransform& pixels,
                                 at::IntArrayRef image_shape, const at::Device& device,
                                 const HeadOptions& head_options)
    : pixels_(pixels) {
  if (loaded.program) {
    program_ = loaded.program->to(device);
  } else {
    script_reason_ = loaded.reason;
    module_ = loaded.module.deepcopy();
    module_.to(device);
  }
  try_image(image_shape, device);
  attach_head(head_options, image_shape, device);
}

void RegressionModel::try_image(at::IntArrayRef image_shape, const at::Device& device) {
  at::NoGradGuard no_grad;
  // Two images: a model that was exported for a batch of one shows itself here.
  const at::Tensor probe =
      at::zeros({2, image_shape[0], image_shape[1], image_shape[2]}, at::TensorOptions().device(device)) + 0.5;
  at::Tensor outputs;
  try {
    outputs = raw_outputs(pixels_.apply(probe));
  } catch (...) {
    throw current_exception_as_error(ErrorCode::ERR_MODEL_INPUT,
                                     "the model failed on two images of " + shape_text(image_shape));
  }
  outputs_ = outputs.size(1);
  if (!at::isfinite(outputs).all().item<bool>()) {
    throw Error(ErrorCode::ERR_MODEL_NONFINITE, "the model answers NaN or infinity for a plain grey image");
  }
}

at::Tensor RegressionModel::as_vectors(const std::vector<at::Tensor>& values, int64_t count) const {
  std::vector<at::Tensor> vectors;
  for (const at::Tensor& value : values) {
    if (!value.is_floating_point() || value.dim() != 2 || value.size(0) != count || value.size(1) < 1) {
      throw Error(ErrorCode::ERR_MODEL_NOT_REGRESSION, "expected real outputs of shape " + std::to_string(count) +
                                                           "×d, got " + c10::toString(value.scalar_type()) + " " +
                                                           shape_text(value.sizes()));
    }
    vectors.push_back(value);
  }
  if (vectors.empty()) throw Error(ErrorCode::ERR_MODEL_NOT_REGRESSION, "the model returns nothing");
  const at::Tensor joined = vectors.size() == 1 ? vectors[0] : at::cat(vectors, 1);
  return joined.to(at::kFloat);
}

at::Tensor RegressionModel::raw_outputs(const at::Tensor& input) const {
  if (program_) return as_vectors(program_->run(input, program_->outputs()), input.size(0));
  // A copy: a module may change its input in place, and the input may be the benign images themselves.
  const c10::IValue returned = module_.forward({input.clone()});
  if (returned.isTensor()) return as_vectors({returned.toTensor()}, input.size(0));
  if (returned.isTuple()) {
    std::vector<at::Tensor> values;
    for (const c10::IValue& element : returned.toTupleRef().elements()) {
      if (!element.isTensor()) break;
      values.push_back(element.toTensor());
    }
    return as_vectors(values, input.size(0));
  }
  throw Error(ErrorCode::ERR_MODEL_NOT_REGRESSION, "expected a tensor as output, got " + returned.tagKind());
}

void RegressionModel::attach_head(const HeadOptions& options, at::IntArrayRef image_shape, const at::Device& device) {
  if (!program_) {
    head_reason_ = "the layers of a model that runs through TorchScript are hidden: " + script_reason_;
  } else {
    const HeadSearch search = options.feature_value.empty() ? find_head(*program_)
                                                            : named_head(*program_, options.feature_value);
    head_reason_ = search.reason;
    if (search.split) {
      const HeadMeasurement measured = measure_head(*program_, *search.split, image_shape, outputs_, device);
      head_ = measured.head;
      head_reason_ = measured.reason;
    }
  }
  if (!head_ && !options.output_only) throw Error(ErrorCode::ERR_HEAD_NOT_FOUND, head_reason_);
}

Prediction RegressionModel::predict(const at::Tensor& images, bool with_features) const {
  const at::Tensor input = pixels_.apply(images);
  if (!with_features || !head_) return {raw_outputs(input), {}};
  std::vector<ValueId> wanted = program_->outputs();
  wanted.insert(wanted.end(), head_->features.begin(), head_->features.end());
  std::vector<at::Tensor> values = program_->run(input, wanted);
  const auto split = values.begin() + static_cast<std::ptrdiff_t>(program_->outputs().size());
  const std::vector<at::Tensor> features(split, values.end());
  values.erase(split, values.end());
  return {as_vectors(values, input.size(0)), joined_features(features, input.size(0))};
}

}  // namespace drmguard
