// Adversarial neuron pruning (Wu & Wang 2021): which neurons can be turned against the model.
#pragma once

#include <functional>

#include "mitigation/tuner.h"

namespace drmguard {

/// Loss of the images in the given rows with other values for some constants.
using LossWith = std::function<at::Tensor(const at::Tensor& rows, const Overrides& overrides)>;

/// One number in [0,1] per neuron of all groups.
at::Tensor adversarial_masks(const MaskPlan& plan, const TensorProgram& program, const std::vector<NeuronGroup>& groups,
                             int64_t images, const LossWith& loss_of, const TuningListener& listener,
                             const CancelFlag& cancelled);

}  // namespace drmguard
