#include <array>

#include "architecture/networks.h"
#include "architecture/regression_head.h"

namespace drmguard {
namespace {

/// A row of table 2 of Sandler et al. 2018.
struct Stage {
  int64_t expansion;
  int64_t channels;
  int64_t blocks;
  int64_t stride;
};

constexpr std::array<Stage, 7> kStages = {
    {{1, 16, 1, 1}, {6, 24, 2, 2}, {6, 32, 3, 2}, {6, 64, 4, 2}, {6, 96, 3, 1}, {6, 160, 3, 2}, {6, 320, 1, 1}}};
constexpr int64_t kStemChannels = 32;
constexpr int64_t kFeatures = 1280;

/// Convolution, batch norm, ReLU6: torchvision's Conv2dNormActivation.
Activation bent_convolution(ProgramBuilder& builder, const std::string& name, const Activation& input,
                            const ConvolutionShape& shape) {
  const Activation mapped = builder.convolution(name + ".0", input, shape);
  return builder.relu6(builder.batch_norm(name + ".1", mapped));
}

Activation inverted_residual(ProgramBuilder& builder, const std::string& name, const Activation& input,
                             const Stage& stage, int64_t stride) {
  const int64_t hidden = input.channels * stage.expansion;
  Activation path = input;
  int64_t place = 0;
  const auto next = [&] { return name + ".conv." + std::to_string(place++); };
  if (stage.expansion != 1) path = bent_convolution(builder, next(), path, {hidden, 1});
  path = bent_convolution(builder, next(), path, {hidden, 3, stride, 1, hidden});
  path = builder.convolution(next(), path, {stage.channels, 1});
  path = builder.batch_norm(next(), path);
  return stride == 1 && input.channels == stage.channels ? builder.add(input, path) : path;
}

}  // namespace

Architecture make_mobilenet_v2(const ArchitectureSpec& spec, uint64_t seed) {
  ProgramBuilder builder(seed);
  Activation flow = bent_convolution(builder, "features.0", builder.input(spec.channels), {kStemChannels, 3, 2, 1});
  int64_t place = 1;
  for (const Stage& stage : kStages) {
    for (int64_t block = 0; block < stage.blocks; ++block) {
      flow = inverted_residual(builder, "features." + std::to_string(place++), flow, stage,
                               block == 0 ? stage.stride : 1);
    }
  }
  flow = bent_convolution(builder, "features." + std::to_string(place), flow, {kFeatures, 1});
  // torchvision's classifier.0 is the dropout.
  return finish_with_head(builder, builder.global_average(flow), spec,
                          {"classifier.1", "classifier.1", "classifier.3"});
}

}  // namespace drmguard
