#include "attack/attack_checks.h"

#include <ATen/ops/isfinite.h>

#include <algorithm>
#include <sstream>

#include "error/error.h"

namespace drmguard {
namespace {

constexpr int64_t kLargestSide = 4096;

template <typename Value>
std::string text_of(const Value& value) {
  std::ostringstream text;
  text << value;
  return text.str();
}

const at::Tensor& entry_of(const NamedTensors& state, const NamedTensor& expected) {
  const auto has_name = [&](const NamedTensor& entry) { return entry.name == expected.name; };
  const auto found = std::find_if(state.begin(), state.end(), has_name);
  const std::string name = "the tensor '" + expected.name + "' of the attack's state";
  if (found == state.end()) throw Error(ErrorCode::ERR_CONFIG, "expected " + name + ", it is not there");
  const at::Tensor& tensor = found->tensor;
  expect(tensor.defined() && tensor.sizes() == expected.tensor.sizes(),
         name + " with shape " + text_of(expected.tensor.sizes()),
         tensor.defined() ? text_of(tensor.sizes()) : "nothing");
  expect(tensor.scalar_type() == expected.tensor.scalar_type(), name + " as " + text_of(expected.tensor.scalar_type()),
         text_of(tensor.scalar_type()));
  expect(at::isfinite(tensor).all().item<bool>(), "finite numbers in " + name, "NaN or infinity");
  return tensor;
}

}  // namespace

void expect(bool condition, const std::string& expected, const std::string& found) {
  if (!condition) throw Error(ErrorCode::ERR_CONFIG, "expected " + expected + ", found " + found);
}

void expect(bool condition, const std::string& expected, double found) { expect(condition, expected, text_of(found)); }

void expect_shape(const ImageShape& shape) {
  for (int64_t extent : {shape.channels, shape.height, shape.width}) {
    expect(extent >= 1 && extent <= kLargestSide, "channels, height and width of images from 1 to 4096",
           std::to_string(extent));
  }
}

void expect_images(const at::Tensor& images, const ImageShape& shape) {
  const bool fits = images.dim() == 4 && images.size(1) == shape.channels && images.size(2) == shape.height &&
                    images.size(3) == shape.width;
  expect(fits,
         "images of " + std::to_string(shape.channels) + "×" + std::to_string(shape.height) + "×" +
             std::to_string(shape.width) + " for this attack",
         text_of(images.sizes()));
}

std::vector<at::Tensor> matching_state(const NamedTensors& state, const NamedTensors& expected) {
  expect(state.size() == expected.size(), std::to_string(expected.size()) + " tensors in the attack's state",
         std::to_string(state.size()));
  std::vector<at::Tensor> tensors;
  for (const NamedTensor& entry : expected) tensors.push_back(entry_of(state, entry).detach().to(at::kCPU).clone());
  return tensors;
}

}  // namespace drmguard
