#include "architecture/program_builder.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/zeros.h>

#include <cmath>

#include "tensor/random.h"

namespace drmguard {
namespace {

constexpr double kBatchNormEpsilon = 1e-5;
constexpr double kLayerNormEpsilon = 1e-6;
constexpr double kBatchNormMomentum = 0.1;

}  // namespace

SpecArgument value_argument(const Activation& activation) { return ValueReference{activation.name}; }

SpecArgument integers(std::vector<int64_t> values) { return c10::IValue(std::move(values)); }

ProgramBuilder::ProgramBuilder(uint64_t seed) : random_(make_generator(seed)) {}

Activation ProgramBuilder::input(int64_t channels) {
  spec_.inputs.push_back("image");
  return {"image", channels};
}

Activation ProgramBuilder::convolution(const std::string& name, const Activation& input, const ConvolutionShape& shape) {
  const double fan_out = static_cast<double>(shape.channels * shape.kernel * shape.kernel);
  const at::Tensor weight = normal({shape.channels, input.channels / shape.groups, shape.kernel, shape.kernel},
                                   std::sqrt(2.0 / fan_out));
  std::vector<std::pair<std::string, SpecArgument>> arguments = {
      {"input", value_argument(input)},
      {"weight", ValueReference{parameter(name + ".weight", weight)}},
      {"stride", integers({shape.stride, shape.stride})},
      {"padding", integers({shape.padding, shape.padding})},
      {"groups", c10::IValue(shape.groups)}};
  if (shape.bias) {
    arguments.emplace_back("bias", ValueReference{parameter(name + ".bias", at::zeros({shape.channels}))});
  }
  return call_as(name, "aten::conv2d", std::move(arguments), shape.channels);
}

Activation ProgramBuilder::batch_norm(const std::string& name, const Activation& input) {
  const int64_t channels = input.channels;
  return call_as(name, "aten::batch_norm",
                 {{"input", value_argument(input)},
                  {"weight", ValueReference{parameter(name + ".weight", at::ones({channels}))}},
                  {"bias", ValueReference{parameter(name + ".bias", at::zeros({channels}))}},
                  {"running_mean", ValueReference{buffer(name + ".running_mean", at::zeros({channels}))}},
                  {"running_var", ValueReference{buffer(name + ".running_var", at::ones({channels}))}},
                  {"training", c10::IValue(false)},
                  {"momentum", c10::IValue(kBatchNormMomentum)},
                  {"eps", c10::IValue(kBatchNormEpsilon)},
                  {"cudnn_enabled", c10::IValue(true)}},
                 channels);
}

Activation ProgramBuilder::linear(const std::string& name, const Activation& input, int64_t channels) {
  const double bound = 1.0 / std::sqrt(static_cast<double>(input.channels));
  const std::string weight = parameter(name + ".weight", uniform({channels, input.channels}, bound));
  const std::string bias = parameter(name + ".bias", uniform({channels}, bound));
  return linear_with(weight, bias, input, channels);
}

Activation ProgramBuilder::linear_with(const std::string& weight, const std::string& bias, const Activation& input,
                                       int64_t channels) {
  return call("aten::linear",
              {{"input", value_argument(input)}, {"weight", ValueReference{weight}}, {"bias", ValueReference{bias}}},
              channels);
}

Activation ProgramBuilder::layer_norm(const std::string& name, const Activation& input) {
  return call_as(name, "aten::layer_norm",
                 {{"input", value_argument(input)},
                  {"normalized_shape", integers({input.channels})},
                  {"weight", ValueReference{parameter(name + ".weight", at::ones({input.channels}))}},
                  {"bias", ValueReference{parameter(name + ".bias", at::zeros({input.channels}))}},
                  {"eps", c10::IValue(kLayerNormEpsilon)}},
                 input.channels);
}

Activation ProgramBuilder::relu(const Activation& input) {
  return call("aten::relu", {{"self", value_argument(input)}}, input.channels);
}

Activation ProgramBuilder::relu6(const Activation& input) {
  return call("aten::hardtanh",
              {{"self", value_argument(input)}, {"min_val", c10::IValue(0.0)}, {"max_val", c10::IValue(6.0)}},
              input.channels);
}

Activation ProgramBuilder::gelu(const Activation& input) {
  return call("aten::gelu", {{"self", value_argument(input)}}, input.channels);
}

Activation ProgramBuilder::max_pool(const Activation& input, int64_t kernel, int64_t stride, int64_t padding) {
  return call("aten::max_pool2d",
              {{"self", value_argument(input)},
               {"kernel_size", integers({kernel, kernel})},
               {"stride", integers({stride, stride})},
               {"padding", integers({padding, padding})},
               {"dilation", integers({1, 1})}},
              input.channels);
}

Activation ProgramBuilder::global_average(const Activation& input) {
  const Activation pooled = call("aten::adaptive_avg_pool2d",
                                 {{"self", value_argument(input)}, {"output_size", integers({1, 1})}}, input.channels);
  return call("aten::flatten.using_ints", {{"self", value_argument(pooled)}, {"start_dim", c10::IValue(1)}},
              input.channels);
}

Activation ProgramBuilder::add(const Activation& first, const Activation& second) {
  return call("aten::add.Tensor", {{"self", value_argument(first)}, {"other", value_argument(second)}}, first.channels);
}

Activation ProgramBuilder::call(const std::string& operator_name,
                                std::vector<std::pair<std::string, SpecArgument>> arguments, int64_t channels) {
  const size_t start = operator_name.find("::") + 2;
  const std::string plain = operator_name.substr(start, operator_name.find('.', start) - start);
  return call_as(plain + "_" + std::to_string(spec_.nodes.size()), operator_name, std::move(arguments), channels);
}

Activation ProgramBuilder::call_as(const std::string& result, const std::string& operator_name,
                                   std::vector<std::pair<std::string, SpecArgument>> arguments, int64_t channels) {
  spec_.nodes.push_back({operator_name, std::move(arguments), {{result}}, false});
  return {result, channels};
}

std::string ProgramBuilder::parameter(const std::string& name, at::Tensor value) {
  spec_.constants.emplace_back(name, std::move(value));
  parameters_.push_back(name);
  return name;
}

std::string ProgramBuilder::buffer(const std::string& name, at::Tensor value) {
  spec_.constants.emplace_back(name, std::move(value));
  buffers_.push_back(name);
  return name;
}

at::Tensor ProgramBuilder::normal(at::IntArrayRef shape, double deviation) {
  return at::empty(shape, at::TensorOptions().dtype(at::kFloat)).normal_(0.0, deviation, random_);
}

at::Tensor ProgramBuilder::uniform(at::IntArrayRef shape, double bound) {
  return at::empty(shape, at::TensorOptions().dtype(at::kFloat)).uniform_(-bound, bound, random_);
}

Architecture ProgramBuilder::finish(const Activation& features, const Activation& output) const {
  ProgramSpec spec = spec_;
  spec.outputs = {output.name};
  Architecture architecture;
  architecture.program = lower_program_spec(spec);
  for (const std::string& name : parameters_) {
    architecture.parameters.push_back(architecture.program.find_value(name));
  }
  for (const std::string& name : buffers_) architecture.buffers.push_back(architecture.program.find_value(name));
  architecture.features = architecture.program.find_value(features.name);
  return architecture;
}

}  // namespace drmguard
