#include "model/attach_head.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/linspace.h>
#include <ATen/ops/zeros.h>

#include <algorithm>
#include <set>

namespace drmguard {
namespace {

/// Feature widths beyond this would need more memory than a head is worth.
constexpr int64_t kMostFeatures = 65'536;
/// Unit vectors that go through the tail at once: all of a wide head would be a matrix of gigabytes.
constexpr int64_t kUnitsPerPass = 1024;

/// Outputs (rows × d) for given features (rows × F).
at::Tensor outputs_for(const TensorProgram& program, const HeadSplit& split, const std::vector<at::Tensor>& samples,
                       at::IntArrayRef image_shape, const at::Tensor& features) {
  const int64_t rows = features.size(0);
  Overrides overrides;
  int64_t start = 0;
  for (size_t i = 0; i < split.features.size(); ++i) {
    std::vector<int64_t> shape = samples[i].sizes().vec();
    const int64_t width = samples[i].numel() / shape[0];
    shape[0] = rows;
    overrides[split.features[i]] = features.narrow(1, start, width).reshape(shape);
    start += width;
  }
  // An expanded image costs no memory; only values that the tail needs for their sizes read it.
  const at::Tensor image = at::zeros({1, image_shape[0], image_shape[1], image_shape[2]}, features.options())
                               .expand({rows, image_shape[0], image_shape[1], image_shape[2]});
  std::vector<at::Tensor> values = program.run(image, program.outputs(), overrides);
  return values.size() == 1 ? values[0] : at::cat(values, 1);
}

/// 1 where a row reads a feature of its own head; and the number of heads with separate features.
int separate_heads(const at::Tensor& weight, at::Tensor& support) {
  const at::Tensor reads = weight.ne(0).to(at::kCPU);
  std::set<std::string> patterns;
  bool disjoint = true;
  at::Tensor covered = at::zeros({weight.size(1)}, at::kInt);
  for (int64_t row = 0; row < reads.size(0); ++row) {
    const at::Tensor line = reads[row].contiguous();
    const std::string pattern(reinterpret_cast<const char*>(line.const_data_ptr<bool>()),
                              static_cast<size_t>(line.numel()));
    if (patterns.insert(pattern).second) covered += line.to(at::kInt);
  }
  disjoint = covered.max().item<int>() <= 1;
  const bool separate = disjoint && patterns.size() > 1;
  support = separate ? weight.ne(0).to(weight.scalar_type()) : at::ones_like(weight);
  return separate ? static_cast<int>(patterns.size()) : 1;
}

std::string names_of(const TensorProgram& program, const std::vector<ValueId>& values) {
  std::string text;
  for (ValueId id : values) text += (text.empty() ? "" : "+") + program.value_name(id);
  return text;
}

}  // namespace

HeadSearch named_head(const TensorProgram& program, const std::string& feature_value) {
  const ValueId id = program.find_value(feature_value);
  if (id == kNoValue) return {std::nullopt, "the model has no value named '" + feature_value + "'"};
  return {HeadSplit{{id}, "named"}, ""};
}

at::Tensor joined_features(const std::vector<at::Tensor>& values, int64_t count) {
  std::vector<at::Tensor> rows;
  for (const at::Tensor& value : values) rows.push_back(value.reshape({count, -1}));
  return rows.size() == 1 ? rows[0] : at::cat(rows, 1);
}

HeadMeasurement measure_head(const TensorProgram& program, const HeadSplit& split, at::IntArrayRef image_shape,
                             int64_t outputs, const at::Device& device) {
  at::NoGradGuard no_grad;
  const auto options = at::TensorOptions().device(device).dtype(at::kFloat);
  const at::Tensor images = at::zeros({2, image_shape[0], image_shape[1], image_shape[2]}, options);
  const std::vector<at::Tensor> samples = program.run(images, split.features);
  int64_t width = 0;
  for (const at::Tensor& sample : samples) {
    if (sample.dim() < 2 || sample.size(0) != 2) {
      return {std::nullopt, "the last linear layer does not work on one feature vector per image"};
    }
    width += sample.numel() / 2;
  }
  if (width > kMostFeatures) {
    return {std::nullopt, "the last linear layer reads " + std::to_string(width) + " features; at most " +
                              std::to_string(kMostFeatures) + " are supported"};
  }
  std::vector<at::Tensor> rows = {outputs_for(program, split, samples, image_shape, at::zeros({1, width}, options))};
  for (int64_t at = 0; at < width; at += kUnitsPerPass) {
    const int64_t count = std::min(kUnitsPerPass, width - at);
    at::Tensor unit = at::zeros({count, width}, options);
    unit.narrow(1, at, count).fill_diagonal_(1.0);
    rows.push_back(outputs_for(program, split, samples, image_shape, unit));
  }
  const at::Tensor answers = at::cat(rows).to(at::kFloat);
  if (answers.dim() != 2 || answers.size(0) != width + 1 || answers.size(1) != outputs) {
    return {std::nullopt, "what follows the features does not give one vector per image"};
  }
  Head head;
  const at::Tensor bias = answers[0];
  head.weight = (answers.slice(0, 1) - bias).t().contiguous();

  // A layer with a bend in it answers unit vectors like a linear one; mixed signs and sizes show the difference.
  const at::Tensor trial = at::linspace(-2.0, 3.0, 4 * width, options).reshape({4, width}).sin();
  const at::Tensor expected = trial.matmul(head.weight.t()) + bias;
  const at::Tensor actual = outputs_for(program, split, samples, image_shape, trial).to(at::kFloat);
  const double error = (actual - expected).abs().max().item<double>();
  if (!(error <= 1e-3 * (1.0 + expected.abs().max().item<double>()))) {
    return {std::nullopt, "what follows the features is not linear in them"};
  }
  head.features = split.features;
  head.feature_name = names_of(program, split.features);
  head.form = split.form;
  head.blocks = separate_heads(head.weight, head.support);
  return {head, ""};
}

}  // namespace drmguard
