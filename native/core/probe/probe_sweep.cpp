#include "probe/probe_sweep.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/tensor.h>

#include <algorithm>
#include <set>
#include <tuple>

#include "error/error.h"
#include "probe/plain_colours.h"
#include "probe/spread_images.h"
#include "tensor/device.h"
#include "tensor/doubles.h"

namespace drmguard {
namespace {

constexpr int64_t kFirstRoundImages = 4;
constexpr size_t kSurvivors = 48;
constexpr size_t kClimbers = 6;
constexpr int kClimbingRounds = 6;

using PatchKey = std::tuple<int64_t, int64_t, int64_t, std::vector<double>>;

PatchKey key_of(const Patch& patch) { return {patch.top, patch.left, patch.size, patch.colour}; }

/// The mean of a trigger of several colours lies between the corners.
constexpr int64_t kOffsetColourLevels = 3;

/// Fixed: large where the outputs moved far and agree with each other. A benign model that is shown a patch over its features
/// moves by about half a deviation at most and keeps most of its variance. Offsets: the nearer all outputs moved by one
/// offset of at least the least length.
double suspicion(const Reading& reading, const std::optional<double>& least_offset) {
  if (!least_offset) return reading.shift / (reading.variance_ratio + 0.1);
  const double missing = std::max(0.0, *least_offset - reading.shift);
  return 1.0 / (reading.shift_variance + missing * missing + 1e-6);
}

/// Places along one axis, three fifths of a patch apart, the last one flush with the border.
std::vector<int64_t> places(int64_t extent, int64_t size) {
  const int64_t stride = std::max<int64_t>(1, size * 3 / 5);
  std::vector<int64_t> all;
  for (int64_t at = 0; at < extent - size; at += stride) all.push_back(at);
  all.push_back(extent - size);
  return all;
}

class ProbeSweep {
 public:
  ProbeSweep(const Session& session, const ProbePlan& plan, const CancelFlag& cancelled)
      : session_(session), plan_(plan), cancelled_(cancelled) {}

  ProbeResult run(const std::function<void(int64_t, int64_t)>& on_progress) {
    const std::vector<Patch> grid = every_patch();
    const int64_t total = static_cast<int64_t>(grid.size());
    std::vector<ProbedPatch> probed = measure(grid, spread_images(session_, kFirstRoundImages, plan_.seed), [&](int64_t done) {
      on_progress(done, total);
    });
    sort_by_suspicion(probed);
    probed.resize(std::min(probed.size(), kSurvivors));

    const at::Tensor images = spread_images(session_, plan_.images, plan_.seed);
    std::vector<Patch> survivors;
    for (const ProbedPatch& patch : probed) survivors.push_back(patch.patch);
    probed = measure(survivors, images, [](int64_t) {});
    climb(probed, images);
    result_.best = keep_distinct(probed);
    on_progress(total, total);
    return result_;
  }

 private:
  void sort_by_suspicion(std::vector<ProbedPatch>& patches) const {
    std::stable_sort(patches.begin(), patches.end(), [this](const ProbedPatch& a, const ProbedPatch& b) {
      return suspicion(a.reading, plan_.least_offset) > suspicion(b.reading, plan_.least_offset);
    });
  }

  int64_t height() const { return session_.images().size(2); }
  int64_t width() const { return session_.images().size(3); }

  std::vector<Patch> every_patch() const {
    std::vector<Patch> all;
    for (int64_t size : plan_.sizes) {
      for (int64_t top : places(height(), size)) {
        for (int64_t left : places(width(), size)) {
          for (const auto& colour : corner_colours(session_.images().size(1))) all.push_back({top, left, size, colour});
        }
      }
    }
    return all;
  }

  /// Stamps every patch on every image and reads the outputs.
  std::vector<ProbedPatch> measure(const std::vector<Patch>& patches, const at::Tensor& indices,
                                   const std::function<void(int64_t)>& on_progress) {
    const at::Tensor images = session_.images().index_select(0, indices);
    const at::Tensor benign = session_.benign_outputs().index_select(0, indices);
    const int64_t per_pass = std::max<int64_t>(1, 4 * kImagesPerPass / images.size(0));
    std::vector<ProbedPatch> probed;
    for (size_t first = 0; first < patches.size(); first += static_cast<size_t>(per_pass)) {
      throw_if_cancelled(cancelled_);
      const size_t last = std::min(patches.size(), first + static_cast<size_t>(per_pass));
      const at::Tensor outputs = outputs_of_stamped(patches, first, last, images);
      const std::vector<Reading> readings = read_outputs(outputs, benign, session_.output_scale().variance.sqrt());
      for (size_t i = first; i < last; ++i) {
        const at::Tensor target = outputs[static_cast<int64_t>(i - first)].mean(0);
        probed.push_back({patches[i], readings[i - first], to_doubles(target)});
      }
      on_progress(static_cast<int64_t>(last));
    }
    result_.patches_tried += static_cast<int64_t>(patches.size());
    result_.forward_passes += static_cast<int64_t>(patches.size()) * images.size(0);
    return probed;
  }

  at::Tensor outputs_of_stamped(const std::vector<Patch>& patches, size_t first, size_t last,
                                const at::Tensor& images) const {
    const int64_t count = static_cast<int64_t>(last - first);
    at::Tensor stamped = images.unsqueeze(0).repeat({count, 1, 1, 1, 1});
    for (int64_t i = 0; i < count; ++i) {
      const Patch& patch = patches[first + static_cast<size_t>(i)];
      at::Tensor region = stamped[i]
                              .slice(2, patch.top, patch.top + patch.size)
                              .slice(3, patch.left, patch.left + patch.size);
      region.copy_(at::tensor(patch.colour, images.options()).view({1, -1, 1, 1}).expand_as(region));
    }
    return session_.predict_all(stamped.flatten(0, 1), false, cancelled_).outputs.view({count, images.size(0), -1});
  }

  bool fits(const Patch& patch) const {
    return patch.size >= 1 && patch.top >= 0 && patch.left >= 0 && patch.top + patch.size <= height() &&
           patch.left + patch.size <= width();
  }

  /// Moved, grown, shrunk and recoloured forms of a patch.
  std::vector<Patch> neighbours(const Patch& patch) const {
    std::vector<Patch> all;
    const auto consider = [&](int64_t down, int64_t right, int64_t grow) {
      const Patch moved{patch.top + down, patch.left + right, patch.size + grow, patch.colour};
      if (fits(moved)) all.push_back(moved);
    };
    for (int64_t down : {-1, 0, 1}) {
      for (int64_t right : {-1, 0, 1}) {
        for (int64_t grow : {-1, 0, 1}) consider(down, right, grow);
      }
    }
    const int64_t channels = session_.images().size(1);
    const auto colours = plan_.least_offset ? lattice_colours(channels, kOffsetColourLevels) : corner_colours(channels);
    for (const auto& colour : colours) all.push_back({patch.top, patch.left, patch.size, colour});
    return all;
  }

  void climb(std::vector<ProbedPatch>& probed, const at::Tensor& images) {
    std::set<PatchKey> seen;
    for (const ProbedPatch& patch : probed) seen.insert(key_of(patch.patch));
    for (int round = 0; round < kClimbingRounds; ++round) {
      sort_by_suspicion(probed);
      std::vector<Patch> fresh;
      for (size_t i = 0; i < std::min(probed.size(), kClimbers); ++i) {
        for (const Patch& patch : neighbours(probed[i].patch)) {
          if (seen.insert(key_of(patch)).second) fresh.push_back(patch);
        }
      }
      if (fresh.empty()) break;
      const std::vector<ProbedPatch> measured = measure(fresh, images, [](int64_t) {});
      probed.insert(probed.end(), measured.begin(), measured.end());
    }
    sort_by_suspicion(probed);
  }

  /// The best patches that do not overlap a better one: neighbours of one trigger are one finding.
  std::vector<ProbedPatch> keep_distinct(const std::vector<ProbedPatch>& sorted) const {
    std::vector<ProbedPatch> kept;
    for (const ProbedPatch& candidate : sorted) {
      const bool overlaps = std::any_of(kept.begin(), kept.end(), [&](const ProbedPatch& better) {
        const Patch& a = better.patch;
        const Patch& b = candidate.patch;
        return a.top < b.top + b.size && b.top < a.top + a.size && a.left < b.left + b.size && b.left < a.left + a.size;
      });
      if (!overlaps) kept.push_back(candidate);
      if (kept.size() == plan_.keep) break;
    }
    return kept;
  }

  const Session& session_;
  const ProbePlan& plan_;
  const CancelFlag& cancelled_;
  ProbeResult result_;
};

void check_plan(const Session& session, const ProbePlan& plan) {
  const int64_t smallest = std::min(session.images().size(2), session.images().size(3));
  const bool sizes_fit = !plan.sizes.empty() && plan.sizes.size() <= 16 &&
                         std::all_of(plan.sizes.begin(), plan.sizes.end(),
                                     [smallest](int64_t size) { return size >= 1 && size <= smallest; });
  if (!sizes_fit) throw Error(ErrorCode::ERR_CONFIG, "expected 1 to 16 patch sizes that fit the images");
  // Written so that NaN is refused too.
  if (plan.least_offset && !(*plan.least_offset > 0.0)) throw Error(ErrorCode::ERR_CONFIG, "expected a least offset above 0");
  if (plan.images < 2) throw Error(ErrorCode::ERR_CONFIG, "expected at least 2 probe images");
}

}  // namespace

ProbeResult probe_sweep(const Session& session, const ProbePlan& plan,
                        const std::function<void(int64_t, int64_t)>& on_progress, const CancelFlag& cancelled) {
  check_plan(session, plan);
  use_threads(plan.threads);
  at::NoGradGuard no_grad;
  return ProbeSweep(session, plan, cancelled).run(on_progress);
}

}  // namespace drmguard
