#include "inversion/curve_recorder.h"

#include <ATen/ops/stack.h>

#include <algorithm>

#include "tensor/doubles.h"

namespace drmguard {
namespace {

std::vector<double> mean_of(const std::vector<StepTerms>& steps, at::Tensor StepTerms::* term) {
  std::vector<at::Tensor> rows;
  for (const StepTerms& step : steps) {
    if ((step.*term).defined()) rows.push_back(step.*term);
  }
  if (rows.empty()) return {};
  return to_doubles(at::stack(rows).mean(0));
}

}  // namespace

CurveRecorder::CurveRecorder(int64_t steps) : steps_(steps), stride_(std::max<int64_t>(1, steps / 100)) {}

bool CurveRecorder::add(int64_t step, const StepTerms& terms, bool last) {
  pending_.push_back(terms);
  if ((step + 1) % stride_ != 0 && !last) return false;
  InversionProgress point;
  point.step = step + 1;
  point.steps = steps_;
  point.loss = mean_of(pending_, &StepTerms::loss);
  point.cost = mean_of(pending_, &StepTerms::cost);
  point.collapse = mean_of(pending_, &StepTerms::collapse);
  point.rav = mean_of(pending_, &StepTerms::rav);
  pending_.clear();
  curve_.push_back(std::move(point));
  return true;
}

}  // namespace drmguard
