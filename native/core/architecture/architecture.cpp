#include "architecture/architecture.h"

#include <array>
#include <string_view>

#include "architecture/networks.h"
#include "error/error.h"

namespace drmguard {
namespace {

struct Network {
  std::string_view name;
  Architecture (*make)(const ArchitectureSpec&, uint64_t);
  /// Least height and width: what all strides together divide by, so that one place at least is left.
  int64_t least_side;
  /// Height and width have to be multiples of this.
  int64_t multiple;
};

constexpr std::array<Network, 6> kNetworks = {{{"resnet18", make_resnet18, 32, 1},
                                               {"resnet18-slim", make_resnet18_slim, 16, 1},
                                               {"resnet-tiny", make_resnet_tiny, 8, 1},
                                               {"vgg11-bn", make_vgg11_bn, 32, 1},
                                               {"mobilenet-v2", make_mobilenet_v2, 32, 1},
                                               {"vit-small", make_vit_small, 8, 8}}};

const Network& network_of(const std::string& name) {
  std::string known;
  for (const Network& network : kNetworks) {
    if (network.name == name) return network;
    known += (known.empty() ? "" : ", ") + std::string(network.name);
  }
  throw Error(ErrorCode::ERR_CONFIG, "expected an architecture out of " + known + ", got '" + name + "'");
}

void check_images(const Network& network, const ArchitectureSpec& spec) {
  const std::string got = std::to_string(spec.width) + "×" + std::to_string(spec.height);
  if (spec.height < network.least_side || spec.width < network.least_side) {
    const std::string side = std::to_string(network.least_side);
    throw Error(ErrorCode::ERR_CONFIG,
                spec.name + " takes images of " + side + "×" + side + " pixels or more, got " + got);
  }
  if (spec.height % network.multiple != 0 || spec.width % network.multiple != 0) {
    throw Error(ErrorCode::ERR_CONFIG, spec.name + " takes images whose width and height are multiples of " +
                                           std::to_string(network.multiple) + ", got " + got);
  }
}

}  // namespace

Architecture make_architecture(const ArchitectureSpec& spec, uint64_t seed) {
  const Network& network = network_of(spec.name);
  if (spec.head != "linear" && spec.head != "mlp") {
    throw Error(ErrorCode::ERR_CONFIG, "expected a head out of linear, mlp, got '" + spec.head + "'");
  }
  if (spec.outputs < 1 || spec.channels < 1) {
    throw Error(ErrorCode::ERR_CONFIG, "expected one output and one channel at least, got " +
                                           std::to_string(spec.outputs) + " and " + std::to_string(spec.channels));
  }
  check_images(network, spec);
  return network.make(spec, seed);
}

void set_train_mode(TensorProgram& program, bool training) {
  for (size_t i = 0; i < program.nodes().size(); ++i) {
    Node& node = program.node(i);
    // batch_norm(input, weight, bias, running_mean, running_var, training, …); dropout(input, p, train).
    if (node.name == "aten::batch_norm") node.arguments.at(5).literal = training;
    if (node.name == "aten::dropout") node.arguments.at(2).literal = training;
  }
}

}  // namespace drmguard
