// The architectures that can be trained here, built as programs: one form for training, scanning and repair.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "program/tensor_program.h"

namespace drmguard {

struct ArchitectureSpec {
  /// "resnet18", "resnet18-slim", "resnet-tiny", "vgg11-bn", "mobilenet-v2" or "vit-small".
  std::string name;
  /// "linear" or "mlp" (one hidden layer; F(x) is then the hidden layer's activation).
  std::string head = "linear";
  /// d.
  int64_t outputs = 1;
  int64_t channels = 3;
  int64_t height = 0;
  int64_t width = 0;
};

/// A program together with what in it can be trained. Its constants are shared, not copied, by copies of the program.
struct Architecture {
  TensorProgram program;
  /// Constants that an optimiser changes, float32; value_name gives their name in torch's (torchvision's) state dict.
  std::vector<ValueId> parameters;
  /// Running statistics of batch norms.
  std::vector<ValueId> buffers;
  /// F(x), B×F: what the last linear layer reads.
  ValueId features = kNoValue;
};

/// Builds an architecture with weights drawn from the seed, in evaluation mode.
/// Throws ERR_CONFIG for an unknown name, or images too small for it.
Architecture make_architecture(const ArchitectureSpec& spec, uint64_t seed);

/// Batch norms use (and update) their batch's statistics, dropout drops; or the reverse.
void set_train_mode(TensorProgram& program, bool training);

/// The architecture with its present weights as a TorchScript archive, in evaluation mode: what torch.jit.load and scan
/// read. Its attributes carry the names of the state dict ("layer1.0.conv1.weight").
std::string torchscript_archive(const Architecture& architecture);

}  // namespace drmguard
