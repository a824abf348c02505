#include <vector>

#include "architecture/networks.h"
#include "architecture/regression_head.h"

namespace drmguard {
namespace {

struct Stage {
  int64_t channels;
  int64_t blocks;
  int64_t stride;
};

/// Two 3×3 convolutions and a short cut around them.
Activation basic_block(ProgramBuilder& builder, const std::string& name, const Activation& input, int64_t channels,
                       int64_t stride) {
  Activation path = builder.convolution(name + ".conv1", input, {channels, 3, stride, 1});
  path = builder.relu(builder.batch_norm(name + ".bn1", path));
  path = builder.convolution(name + ".conv2", path, {channels, 3, 1, 1});
  path = builder.batch_norm(name + ".bn2", path);
  Activation shortcut = input;
  if (stride != 1 || input.channels != channels) {
    shortcut = builder.convolution(name + ".downsample.0", input, {channels, 1, stride});
    shortcut = builder.batch_norm(name + ".downsample.1", shortcut);
  }
  return builder.relu(builder.add(path, shortcut));
}

Architecture finish_resnet(ProgramBuilder& builder, Activation flow, const std::vector<Stage>& stages,
                           const ArchitectureSpec& spec) {
  for (size_t stage = 0; stage < stages.size(); ++stage) {
    const std::string name = "layer" + std::to_string(stage + 1);
    for (int64_t block = 0; block < stages[stage].blocks; ++block) {
      flow = basic_block(builder, name + "." + std::to_string(block), flow, stages[stage].channels,
                         block == 0 ? stages[stage].stride : 1);
    }
  }
  return finish_with_head(builder, builder.global_average(flow), spec, {"fc", "fc.0", "fc.2"});
}

Activation stem(ProgramBuilder& builder, const ArchitectureSpec& spec, const ConvolutionShape& shape) {
  const Activation mapped = builder.convolution("conv1", builder.input(spec.channels), shape);
  return builder.relu(builder.batch_norm("bn1", mapped));
}

}  // namespace

Architecture make_resnet18(const ArchitectureSpec& spec, uint64_t seed) {
  ProgramBuilder builder(seed);
  const Activation mapped = builder.max_pool(stem(builder, spec, {64, 7, 2, 3}), 3, 2, 1);
  return finish_resnet(builder, mapped, {{64, 2, 1}, {128, 2, 2}, {256, 2, 2}, {512, 2, 2}}, spec);
}

Architecture make_resnet18_slim(const ArchitectureSpec& spec, uint64_t seed) {
  ProgramBuilder builder(seed);
  return finish_resnet(builder, stem(builder, spec, {16, 3, 2, 1}), {{16, 2, 1}, {32, 2, 2}, {64, 2, 2}, {128, 2, 2}},
                       spec);
}

Architecture make_resnet_tiny(const ArchitectureSpec& spec, uint64_t seed) {
  ProgramBuilder builder(seed);
  return finish_resnet(builder, stem(builder, spec, {16, 3, 2, 1}), {{16, 1, 1}, {32, 1, 2}, {64, 1, 2}}, spec);
}

}  // namespace drmguard
