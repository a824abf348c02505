#include <ATen/ops/zeros.h>

#include <cmath>

#include "architecture/networks.h"
#include "architecture/regression_head.h"

namespace drmguard {
namespace {

constexpr int64_t kPatchesPerSide = 8;
constexpr int64_t kPatches = kPatchesPerSide * kPatchesPerSide;
/// The patches and the class token in front of them.
constexpr int64_t kTokens = kPatches + 1;
constexpr int64_t kWidth = 96;
constexpr int64_t kDepth = 4;
constexpr int64_t kHeads = 3;
constexpr int64_t kHeadWidth = kWidth / kHeads;
constexpr int64_t kMlpWidth = 2 * kWidth;

double xavier_bound(int64_t inputs, int64_t outputs) { return std::sqrt(6.0 / static_cast<double>(inputs + outputs)); }

Activation reshape(ProgramBuilder& builder, const Activation& input, std::vector<int64_t> shape) {
  const int64_t last = shape.back();
  return builder.call("aten::reshape", {{"self", value_argument(input)}, {"shape", integers(std::move(shape))}}, last);
}

Activation transpose(ProgramBuilder& builder, const Activation& input, int64_t first, int64_t second,
                     int64_t channels) {
  return builder.call(
      "aten::transpose.int",
      {{"self", value_argument(input)}, {"dim0", c10::IValue(first)}, {"dim1", c10::IValue(second)}}, channels);
}

Activation select(ProgramBuilder& builder, const Activation& input, int64_t axis, int64_t index) {
  return builder.call(
      "aten::select.int",
      {{"self", value_argument(input)}, {"dim", c10::IValue(axis)}, {"index", c10::IValue(index)}}, input.channels);
}

Activation matmul(ProgramBuilder& builder, const Activation& first, const Activation& second) {
  return builder.call("aten::matmul", {{"self", value_argument(first)}, {"other", value_argument(second)}},
                      second.channels);
}

/// Rows of zeros in front of and behind the tokens.
Activation pad_tokens(ProgramBuilder& builder, const Activation& tokens, int64_t front, int64_t behind) {
  return builder.call("aten::constant_pad_nd",
                      {{"self", value_argument(tokens)}, {"pad", integers({0, 0, front, behind})}}, tokens.channels);
}

/// Layers of a multilayer perceptron start as torchvision's do.
Activation mlp_layer(ProgramBuilder& builder, const std::string& name, const Activation& input, int64_t channels) {
  const at::Tensor weight = builder.uniform({channels, input.channels}, xavier_bound(input.channels, channels));
  const std::string weight_name = builder.parameter(name + ".weight", weight);
  const std::string bias_name = builder.parameter(name + ".bias", builder.normal({channels}, 1e-6));
  return builder.linear_with(weight_name, bias_name, input, channels);
}

/// Patches by a convolution whose stride is its kernel, height/8 × width/8 pixels each: B×64×96.
Activation embed_patches(ProgramBuilder& builder, const ArchitectureSpec& spec) {
  const int64_t height = spec.height / kPatchesPerSide;
  const int64_t width = spec.width / kPatchesPerSide;
  const double fan_in = static_cast<double>(spec.channels * height * width);
  const Activation image = builder.input(spec.channels);
  const std::string weight = builder.parameter(
      "conv_proj.weight", builder.normal({kWidth, spec.channels, height, width}, std::sqrt(1.0 / fan_in)));
  const std::string bias = builder.parameter("conv_proj.bias", at::zeros({kWidth}));
  const Activation patches = builder.call("aten::conv2d",
                                          {{"input", value_argument(image)},
                                           {"weight", ValueReference{weight}},
                                           {"bias", ValueReference{bias}},
                                           {"stride", integers({height, width})}},
                                          kWidth);
  return transpose(builder, reshape(builder, patches, {-1, kWidth, kPatches}), 1, 2, kWidth);
}

/// Class token in front, learned positions added. A sum of padded tokens, because joining the class token to each image
/// would need the batch's size.
Activation embed(ProgramBuilder& builder, const ArchitectureSpec& spec) {
  const Activation token{builder.parameter("class_token", at::zeros({1, 1, kWidth})), kWidth};
  const Activation patches = embed_patches(builder, spec);
  const Activation positions{
      builder.parameter("encoder.pos_embedding", builder.normal({1, kTokens, kWidth}, 0.02)), kWidth};
  const Activation padded_patches = pad_tokens(builder, patches, 1, 0);
  const Activation padded_token = pad_tokens(builder, token, 0, kPatches);
  return builder.add(builder.add(padded_patches, padded_token), positions);
}

/// Softmax(q·kᵀ/√width)·v of B×65×288 queries, keys and values side by side. Written out, since the fused operator's
/// backward pass on a GPU does not give equal numbers in every run.
Activation attention(ProgramBuilder& builder, const Activation& projected) {
  Activation joint = reshape(builder, projected, {-1, kTokens, 3, kHeads, kHeadWidth});
  joint = builder.call("aten::permute", {{"self", value_argument(joint)}, {"dims", integers({2, 0, 3, 1, 4})}},
                       kHeadWidth);
  const Activation query = select(builder, joint, 0, 0);
  const Activation key = transpose(builder, select(builder, joint, 0, 1), -2, -1, kTokens);
  const Activation value = select(builder, joint, 0, 2);
  const double scale = 1.0 / std::sqrt(static_cast<double>(kHeadWidth));
  Activation scores = matmul(builder, query, key);
  scores = builder.call("aten::mul.Scalar", {{"self", value_argument(scores)}, {"other", c10::IValue(scale)}}, kTokens);
  scores = builder.call("aten::softmax.int", {{"self", value_argument(scores)}, {"dim", c10::IValue(-1)}}, kTokens);
  const Activation heads = transpose(builder, matmul(builder, scores, value), 1, 2, kHeadWidth);
  return reshape(builder, heads, {-1, kTokens, kWidth});
}

Activation self_attention(ProgramBuilder& builder, const std::string& name, const Activation& tokens) {
  const std::string in_weight = builder.parameter(
      name + ".in_proj_weight", builder.uniform({3 * kWidth, kWidth}, xavier_bound(kWidth, 3 * kWidth)));
  const std::string in_bias = builder.parameter(name + ".in_proj_bias", at::zeros({3 * kWidth}));
  const std::string out_weight = builder.parameter(
      name + ".out_proj.weight", builder.uniform({kWidth, kWidth}, 1.0 / std::sqrt(static_cast<double>(kWidth))));
  const std::string out_bias = builder.parameter(name + ".out_proj.bias", at::zeros({kWidth}));
  const Activation attended = attention(builder, builder.linear_with(in_weight, in_bias, tokens, 3 * kWidth));
  return builder.linear_with(out_weight, out_bias, attended, kWidth);
}

Activation encoder_block(ProgramBuilder& builder, const std::string& name, const Activation& input) {
  const Activation attended =
      self_attention(builder, name + ".self_attention", builder.layer_norm(name + ".ln_1", input));
  const Activation tokens = builder.add(attended, input);
  Activation path = mlp_layer(builder, name + ".mlp.0", builder.layer_norm(name + ".ln_2", tokens), kMlpWidth);
  path = mlp_layer(builder, name + ".mlp.3", builder.gelu(path), kWidth);
  return builder.add(tokens, path);
}

}  // namespace

Architecture make_vit_small(const ArchitectureSpec& spec, uint64_t seed) {
  ProgramBuilder builder(seed);
  Activation tokens = embed(builder, spec);
  for (int64_t layer = 0; layer < kDepth; ++layer) {
    tokens = encoder_block(builder, "encoder.layers.encoder_layer_" + std::to_string(layer), tokens);
  }
  const Activation features = select(builder, builder.layer_norm("encoder.ln", tokens), 1, 0);
  return finish_with_head(builder, features, spec, {"heads.head", "heads.pre_logits", "heads.head"});
}

}  // namespace drmguard
