// Colours that a patch of one colour may have.
#pragma once

#include <cstdint>
#include <vector>

namespace drmguard {

/// The corners of the colour cube: eight for three channels, two for one.
inline std::vector<std::vector<double>> corner_colours(int64_t channels) {
  std::vector<std::vector<double>> colours;
  for (int64_t code = 0; code < (int64_t{1} << channels); ++code) {
    std::vector<double> colour;
    for (int64_t channel = 0; channel < channels; ++channel) colour.push_back((code >> channel) & 1 ? 1.0 : 0.0);
    colours.push_back(colour);
  }
  return colours;
}

}  // namespace drmguard
