#include "trigger/encoder_decoder.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/conv2d.h>
#include <ATen/ops/group_norm.h>
#include <ATen/ops/max_pool2d.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/relu.h>
#include <ATen/ops/upsample_bilinear2d.h>
#include <ATen/ops/zeros.h>

#include <cmath>

#include "tensor/random.h"

namespace drmguard {
namespace {

constexpr int64_t kNormGroups = 4;

}  // namespace

EncoderDecoder::EncoderDecoder(const TriggerShape& shape, uint64_t seed, const at::Device& device,
                               int64_t width) {
  const int64_t widths[] = {width, 2 * width, 4 * width};
  at::Generator generator = make_generator(seed);
  const auto make = [&](int64_t in, int64_t out, bool zero) {
    const at::Tensor drawn = at::randn({shape.starts * out, in, 3, 3}, generator, at::TensorOptions().dtype(at::kFloat));
    const double scale = zero ? 0.0 : std::sqrt(2.0 / static_cast<double>(in * 9));
    const auto options = at::TensorOptions().device(device).dtype(at::kFloat);
    return Convolution{(drawn * scale).to(device).set_requires_grad(true),
                       at::zeros({shape.starts * out}, options).set_requires_grad(true), out};
  };
  int64_t in = shape.channels;
  for (int64_t out : widths) {
    encoder_.push_back(make(in, out, false));
    encoder_.push_back(make(out, out, false));
    in = out;
  }
  for (int level = 2; level >= 0; --level) {
    decoder_.push_back(make(in, widths[level], false));
    in = widths[level];
  }
  last_ = make(in, shape.channels, true);
}

at::Tensor EncoderDecoder::convolve(const Convolution& layer, const at::Tensor& input, int64_t first,
                                    int64_t count) const {
  return at::conv2d(input, layer.weight.narrow(0, first * layer.out, count * layer.out),
                    layer.bias.narrow(0, first * layer.out, count * layer.out), /*stride=*/1, /*padding=*/1,
                    /*dilation=*/1, /*groups=*/count);
}

at::Tensor EncoderDecoder::activate(const Convolution& layer, const at::Tensor& input, int64_t first,
                                    int64_t count) const {
  return at::relu(at::group_norm(convolve(layer, input, first, count), count * kNormGroups));
}

at::Tensor EncoderDecoder::apply(const at::Tensor& images, int64_t first, int64_t count) const {
  at::Tensor hidden = images.repeat({1, count, 1, 1});
  std::vector<std::vector<int64_t>> extents;
  for (size_t level = 0; level < 3; ++level) {
    hidden = activate(encoder_[2 * level], hidden, first, count);
    hidden = activate(encoder_[2 * level + 1], hidden, first, count);
    extents.push_back({hidden.size(2), hidden.size(3)});
    hidden = at::max_pool2d(hidden, 2, 2, 0, 1, /*ceil_mode=*/true);
  }
  for (size_t level = 0; level < 3; ++level) {
    hidden = at::upsample_bilinear2d(hidden, extents[2 - level], /*align_corners=*/false);
    hidden = activate(decoder_[level], hidden, first, count);
  }
  const at::Tensor change = convolve(last_, hidden, first, count).tanh();
  const int64_t batch = images.size(0);
  const at::Tensor per_start =
      change.view({batch, count, images.size(1), images.size(2), images.size(3)}).transpose(0, 1);
  return (images.unsqueeze(0) + per_start).clamp(0.0, 1.0);
}

std::vector<at::Tensor> EncoderDecoder::parameters() const {
  std::vector<at::Tensor> all;
  for (const auto* layers : {&encoder_, &decoder_}) {
    for (const Convolution& layer : *layers) {
      all.push_back(layer.weight);
      all.push_back(layer.bias);
    }
  }
  all.push_back(last_.weight);
  all.push_back(last_.bias);
  return all;
}

}  // namespace drmguard
