// Attacks of every kind and the images that they are tried on.
#pragma once

#include <ATen/ops/exp.h>
#include <ATen/ops/rand.h>

#include <functional>
#include <limits>

#include "attack/attack.h"
#include "subjects.h"
#include "tensor/random.h"

namespace drmguard::check {

inline constexpr ImageShape kShape{3, 8, 10};
inline const double kNotANumber = std::numeric_limits<double>::quiet_NaN();

/// The same integers as pictures() of make_attack_reference.py.
inline at::Tensor pictures(int64_t count, const ImageShape& shape = kShape) {
  const int64_t total = count * shape.channels * shape.height * shape.width;
  const at::Tensor index = at::arange(total, at::TensorOptions().dtype(at::kLong));
  const at::Tensor values = (index * 7919 + index.floor_divide(97)).remainder(256);
  return values.to(at::kFloat).reshape({count, shape.channels, shape.height, shape.width}) / 255;
}

/// Smooth pictures that differ from each other by more than noise: blobs of light at drawn places.
inline at::Tensor blobs(int64_t count, int64_t side, uint64_t seed) {
  at::Generator random = make_generator(seed);
  const at::Tensor place = at::rand({2, count, 3, 1, 1}, random, at::TensorOptions().dtype(at::kFloat)) * side;
  const at::Tensor along = at::arange(side, at::TensorOptions().dtype(at::kFloat));
  const at::Tensor square = (along.view({-1, 1}) - place[0]).square() + (along - place[1]).square();
  return (square / (-0.1 * static_cast<double>(side * side))).exp();
}

inline BadNetsSpec chequered() { return {2, 3, 4, {{1.0, 0.25, 0.0}, {0.0, 0.5, 1.0}}}; }

struct Made {
  const char* name;
  std::function<std::unique_ptr<Attack>(uint64_t seed)> make;
};

inline const std::vector<Made>& all_attacks() {
  static const std::vector<Made> all = {
      {"badnets", [](uint64_t) { return make_badnets(chequered(), kShape); }},
      {"blended", [](uint64_t seed) { return make_blended({0.3, 4, seed}, kShape); }},
      {"clean label", [](uint64_t seed) { return make_clean_label({0.2, 2.5, seed}, kShape); }},
      {"input-aware", [](uint64_t seed) { return make_input_aware({1.0, 0.1, 100, seed}, kShape); }},
      {"wanet", [](uint64_t seed) { return make_wanet({3, 1.5, seed}, kShape); }},
  };
  return all;
}

inline double largest_difference(const at::Tensor& left, const at::Tensor& right) {
  return (left - right).abs().max().item<double>();
}

}  // namespace drmguard::check
