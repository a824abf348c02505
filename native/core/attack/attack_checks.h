// What every attack asks of its spec, of images and of a state that is given back.
#pragma once

#include <string>
#include <vector>

#include "attack/attack.h"

namespace drmguard {

/// Throws ERR_CONFIG "expected …" unless the condition holds. Write conditions so that NaN fails them.
void expect(bool condition, const std::string& expected, const std::string& found);
void expect(bool condition, const std::string& expected, double found);

void expect_shape(const ImageShape& shape);
/// images must be B×C×H×W of this shape.
void expect_images(const at::Tensor& images, const ImageShape& shape);

/// The tensors of `state` in the order of `expected`, which gives names, shapes and element types; copies on the CPU.
std::vector<at::Tensor> matching_state(const NamedTensors& state, const NamedTensors& expected);

}  // namespace drmguard
