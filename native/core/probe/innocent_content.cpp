#include "probe/innocent_content.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/tensor.h>

#include <algorithm>
#include <cmath>

#include "error/error.h"
#include "probe/plain_colours.h"
#include "probe/reading.h"
#include "probe/spread_images.h"
#include "tensor/device.h"

namespace drmguard {
namespace {

at::Tensor square_of(const at::Tensor& images, const Patch& square) {
  return images.slice(2, square.top, square.top + square.size).slice(3, square.left, square.left + square.size);
}

/// One plain colour may be the trigger.
constexpr int64_t kAfterOneColour = 1;

class InnocentContent {
 public:
  InnocentContent(const Session& session, const InnocentContentPlan& plan, const CancelFlag& cancelled)
      : session_(session), cancelled_(cancelled) {
    const at::Tensor chosen = spread_images(session, plan.images, plan.seed);
    images_ = session.images().index_select(0, chosen);
    donors_ = session.images().index_select(0, spread_images(session, plan.donors, plan.seed));
    benign_ = session.benign_outputs().index_select(0, chosen);
    for (std::vector<double> colour : corner_colours(images_.size(1))) colours_.push_back(std::move(colour));
    colours_.emplace_back(static_cast<size_t>(images_.size(1)), 0.5);
  }

  double collapse(const Patch& square) const {
    std::vector<at::Tensor> plain;
    for (const std::vector<double>& colour : colours_) {
      plain.push_back(at::tensor(colour, images_.options()).view({1, -1, 1, 1}));
    }
    std::vector<at::Tensor> natural;
    for (int64_t donor = 0; donor < donors_.size(0); ++donor) {
      natural.push_back(square_of(donors_.narrow(0, donor, 1), square));
    }
    return std::sqrt(share_left(square, plain, kAfterOneColour) * share_left(square, natural, 0));
  }

 private:
  /// contents: each 1×C×size×size or 1×C×1×1. The least that any of them leaves, or after so many that leave less.
  double share_left(const Patch& square, const std::vector<at::Tensor>& contents, int64_t after) const {
    const auto count = static_cast<int64_t>(contents.size());
    at::Tensor filled = images_.unsqueeze(0).repeat({count, 1, 1, 1, 1});
    for (int64_t i = 0; i < count; ++i) {
      at::Tensor place = square_of(filled[i], square);
      place.copy_(contents[static_cast<size_t>(i)].expand_as(place));
    }
    const at::Tensor outputs =
        session_.predict_all(filled.flatten(0, 1), false, cancelled_).outputs.view({count, images_.size(0), -1});
    std::vector<double> left;
    for (const Reading& reading : read_outputs(outputs, benign_, session_.output_scale().variance.sqrt())) {
      left.push_back(reading.variance_ratio);
    }
    std::sort(left.begin(), left.end());
    return left[static_cast<size_t>(after)];
  }

  const Session& session_;
  const CancelFlag& cancelled_;
  at::Tensor images_;
  at::Tensor donors_;
  at::Tensor benign_;
  std::vector<std::vector<double>> colours_;
};

}  // namespace

std::vector<double> innocent_collapses(const Session& session, const InnocentContentPlan& plan, const CancelFlag& cancelled) {
  if (plan.donors < 1 || plan.images < 2) throw Error(ErrorCode::ERR_CONFIG, "expected a donor and at least 2 images");
  const at::Tensor& images = session.images();
  for (Patch square : plan.squares) {
    square.colour.assign(static_cast<size_t>(images.size(1)), 0.0);
    require_inside(square, {1, images.size(1), images.size(2), images.size(3)});
  }
  use_threads(plan.threads);
  at::NoGradGuard no_grad;
  const InnocentContent content(session, plan, cancelled);
  std::vector<double> collapses;
  for (const Patch& square : plan.squares) collapses.push_back(content.collapse(square));
  return collapses;
}

}  // namespace drmguard
