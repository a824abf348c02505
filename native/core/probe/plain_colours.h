// Colours that a patch of one colour may have.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

namespace drmguard {

/// A lattice in the colour cube with so many levels per channel, from 0 to 1, the first channel's changing fastest.
inline std::vector<std::vector<double>> lattice_colours(int64_t channels, int64_t levels) {
  std::vector<std::vector<double>> colours{{}};
  for (int64_t channel = 0; channel < channels; ++channel) {
    std::vector<std::vector<double>> longer;
    for (int64_t level = 0; level < levels; ++level) {
      for (std::vector<double> colour : colours) {
        colour.push_back(static_cast<double>(level) / static_cast<double>(levels - 1));
        longer.push_back(std::move(colour));
      }
    }
    colours = std::move(longer);
  }
  return colours;
}

/// The corners of the colour cube: eight for three channels, two for one.
inline std::vector<std::vector<double>> corner_colours(int64_t channels) { return lattice_colours(channels, 2); }

}  // namespace drmguard
