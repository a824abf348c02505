#include "attack/generator_network.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/conv2d.h>
#include <ATen/ops/group_norm.h>
#include <ATen/ops/max_pool2d.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/relu.h>
#include <ATen/ops/upsample_bilinear2d.h>
#include <ATen/ops/zeros.h>

#include <cmath>
#include <utility>

namespace drmguard {
namespace {

constexpr int64_t kNormGroups = 4;
constexpr size_t kLevels = 3;

}  // namespace

GeneratorNetwork::GeneratorNetwork(int64_t in_channels, int64_t out_channels, at::Generator& random) {
  const std::pair<int64_t, int64_t> widths[] = {{in_channels, 8}, {8, 16}, {16, 32},          {32, 16},
                                                {16, 8},          {8, 8},  {8, out_channels}};
  const auto options = at::TensorOptions().dtype(at::kFloat);
  for (const auto& [in, out] : widths) {
    const double scale = std::sqrt(2.0 / static_cast<double>(in * 9));
    layers_.push_back({at::randn({out, in, 3, 3}, random, options) * scale, at::zeros({out}, options)});
  }
}

at::Tensor GeneratorNetwork::forward(const at::Tensor& images) const {
  const auto convolve = [&](size_t layer, const at::Tensor& input) {
    return at::conv2d(input, layers_[layer].weight, layers_[layer].bias, /*stride=*/1, /*padding=*/1);
  };
  const auto activate = [&](size_t layer, const at::Tensor& input) {
    return at::relu(at::group_norm(convolve(layer, input), kNormGroups));
  };
  at::Tensor hidden = images;
  std::vector<std::vector<int64_t>> extents;
  for (size_t level = 0; level < kLevels; ++level) {
    hidden = activate(level, hidden);
    extents.push_back({hidden.size(2), hidden.size(3)});
    hidden = at::max_pool2d(hidden, 2, 2, 0, 1, /*ceil_mode=*/true);
  }
  for (size_t level = 0; level < kLevels; ++level) {
    hidden = at::upsample_bilinear2d(hidden, extents[kLevels - 1 - level], /*align_corners=*/false);
    hidden = activate(kLevels + level, hidden);
  }
  return convolve(2 * kLevels, hidden);
}

std::vector<at::Tensor> GeneratorNetwork::parameters() const {
  std::vector<at::Tensor> all;
  for (const Convolution& layer : layers_) {
    all.push_back(layer.weight);
    all.push_back(layer.bias);
  }
  return all;
}

void GeneratorNetwork::set_requires_grad(bool requires_grad) {
  for (at::Tensor& parameter : parameters()) parameter.set_requires_grad(requires_grad);
}

NamedTensors GeneratorNetwork::named(const std::string& prefix) const {
  NamedTensors all;
  for (size_t i = 0; i < layers_.size(); ++i) {
    const std::string name = prefix + "." + std::to_string(i);
    all.push_back({name + ".weight", layers_[i].weight});
    all.push_back({name + ".bias", layers_[i].bias});
  }
  return all;
}

void GeneratorNetwork::to(const at::Device& device) {
  for (Convolution& layer : layers_) {
    for (at::Tensor* parameter : {&layer.weight, &layer.bias}) {
      const bool requires_grad = parameter->requires_grad();
      *parameter = parameter->detach().to(device).set_requires_grad(requires_grad);
    }
  }
}

}  // namespace drmguard
