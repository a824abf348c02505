#include "inversion/step_terms.h"

#include <ATen/ops/cat.h>

namespace drmguard {

StepTerms StepTerms::detached() const {
  return {loss.detach(), cost.detach(), collapse.detach(), rav.defined() ? rav.detach() : at::Tensor(),
          output_mean.detach()};
}

StepTerms StepTerms::join(const std::vector<StepTerms>& parts) {
  const auto joined = [&parts](at::Tensor StepTerms::* term) {
    std::vector<at::Tensor> all;
    for (const StepTerms& part : parts) {
      if ((part.*term).defined()) all.push_back(part.*term);
    }
    return all.empty() ? at::Tensor() : at::cat(all);
  };
  return {joined(&StepTerms::loss), joined(&StepTerms::cost), joined(&StepTerms::collapse), joined(&StepTerms::rav),
          joined(&StepTerms::output_mean)};
}

}  // namespace drmguard
