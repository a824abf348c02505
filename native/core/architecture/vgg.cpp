#include <array>

#include "architecture/networks.h"
#include "architecture/regression_head.h"

namespace drmguard {
namespace {

constexpr int64_t kPool = 0;
/// Configuration A of Simonyan & Zisserman 2015: channels of the 3×3 convolutions.
constexpr std::array<int64_t, 13> kLayers = {64,  kPool, 128, kPool, 256, 256, kPool,
                                             512, 512,   kPool, 512, 512, kPool};

}  // namespace

Architecture make_vgg11_bn(const ArchitectureSpec& spec, uint64_t seed) {
  ProgramBuilder builder(seed);
  Activation flow = builder.input(spec.channels);
  // Pools and ReLUs have places in torchvision's nn.Sequential too.
  int64_t place = 0;
  for (const int64_t channels : kLayers) {
    if (channels == kPool) {
      flow = builder.max_pool(flow, 2, 2, 0);
      place += 1;
      continue;
    }
    flow = builder.convolution("features." + std::to_string(place), flow, {channels, 3, 1, 1, 1, true});
    flow = builder.relu(builder.batch_norm("features." + std::to_string(place + 1), flow));
    place += 3;
  }
  return finish_with_head(builder, builder.global_average(flow), spec,
                          {"classifier", "classifier.0", "classifier.2"});
}

}  // namespace drmguard
