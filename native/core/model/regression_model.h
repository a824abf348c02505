// f = H∘F as the inversion sees it: images in [0,1] in, outputs and features out.
#pragma once

#include <ATen/core/Tensor.h>

#include <optional>
#include <string>
#include <vector>

#include "model/pixel_transform.h"
#include "program/head_split.h"
#include "program/lower_torchscript.h"
#include "program/program_spec.h"
#include "program/tensor_program.h"

namespace drmguard {

/// A model as loaded, on the CPU, shared by its sessions.
struct LoadedModel {
  std::optional<TensorProgram> program;
  /// Runs when there is no program.
  torch::jit::Module module;
  std::string reason;
  std::map<std::string, int> operators;
  /// Elements of all constant tensors.
  int64_t parameters = 0;
};

LoadedModel load_torchscript_model(const uint8_t* bytes, size_t size);
LoadedModel load_program_model(const ProgramSpec& spec);

/// The last linear layer: outputs = F(x)·Wᵀ + b.
struct Head {
  std::vector<ValueId> features;
  std::string feature_name;
  std::string form;
  /// d×F.
  at::Tensor weight;
  /// d×F, 1 where the row's own head reads the feature: angles are taken within a head's own features.
  at::Tensor support;
  /// Number of separate heads in a block-diagonal layer.
  int blocks = 1;
};

struct HeadOptions {
  /// Name of the value that holds F(x); empty finds it.
  std::string feature_value;
  /// Go on without a head when none is found.
  bool output_only = false;
};

struct Prediction {
  /// N×d.
  at::Tensor outputs;
  /// N×F; undefined without a head or when not asked for.
  at::Tensor features;
};

class RegressionModel {
 public:
  /// Puts the model on a device and tries it on an image of the given shape.
  /// Throws ERR_MODEL_INPUT, ERR_MODEL_NOT_REGRESSION, ERR_MODEL_NONFINITE, ERR_HEAD_NOT_FOUND, ERR_DEVICE.
  RegressionModel(const LoadedModel& loaded, const PixelTransform& pixels, at::IntArrayRef image_shape,
                  const at::Device& device, const HeadOptions& head_options);

  /// images: N×C×H×W in [0,1]. Differentiable with respect to the images; weights are constants.
  Prediction predict(const at::Tensor& images, bool with_features) const;

  int64_t outputs() const { return outputs_; }
  const std::optional<Head>& head() const { return head_; }
  const std::string& head_reason() const { return head_reason_; }

 private:
  at::Tensor raw_outputs(const at::Tensor& input) const;
  at::Tensor as_vectors(const std::vector<at::Tensor>& values, int64_t count) const;
  void try_image(at::IntArrayRef image_shape, const at::Device& device);
  void attach_head(const HeadOptions& options, at::IntArrayRef image_shape, const at::Device& device);

  std::optional<TensorProgram> program_;
  mutable torch::jit::Module module_;
  /// Why there is no program.
  std::string script_reason_;
  PixelTransform pixels_;
  int64_t outputs_ = 0;
  std::optional<Head> head_;
  std::string head_reason_;
};

}  // namespace drmguard
