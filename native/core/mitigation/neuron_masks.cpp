#include "mitigation/neuron_masks.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/ones_like.h>
#include <ATen/ops/rand.h>
#include <ATen/ops/zeros_like.h>
#include <torch/csrc/autograd/autograd.h>

#include <cmath>

#include "error/error.h"
#include "mitigation/batch_order.h"
#include "tensor/random.h"

namespace drmguard {
namespace {

/// As published for the mask's stochastic gradient descent.
constexpr double kMomentum = 0.9;

/// Factors of all neurons' weights and biases as the values that a run takes in place of the parameters.
Overrides scaled(const TensorProgram& program, const std::vector<NeuronGroup>& groups, const at::Tensor& weight_factors,
                 const at::Tensor& bias_factors) {
  Overrides overrides;
  int64_t first = 0;
  for (const NeuronGroup& group : groups) {
    const at::Tensor weight = program.constant(group.weight)->detach();
    overrides[group.weight] = weight * along_weight(weight_factors.narrow(0, first, group.channels), weight);
    if (group.bias != kNoValue) {
      overrides[group.bias] = program.constant(group.bias)->detach() * bias_factors.narrow(0, first, group.channels);
    }
    first += group.channels;
  }
  return overrides;
}

at::Tensor uniform(const at::Tensor& like, double bound, at::Generator& random) {
  // Drawn on the CPU whatever the device, so that devices draw the same numbers.
  const at::Tensor drawn = at::rand({like.numel()}, random, at::TensorOptions().dtype(at::kFloat));
  return ((drawn * 2.0 - 1.0) * bound).to(like.device());
}

/// Of the given tensors alone: the model's own weights ask for a gradient too, and must not gather one here. Undefined
/// for those that the loss does not depend on.
std::vector<at::Tensor> gradients(const at::Tensor& loss, const std::vector<at::Tensor>& of) {
  return torch::autograd::grad({loss}, of, {}, std::nullopt, /*create_graph=*/false, /*allow_unused=*/true);
}

}  // namespace

at::Tensor adversarial_masks(const MaskPlan& plan, const TensorProgram& program, const std::vector<NeuronGroup>& groups,
                             int64_t images, const LossWith& loss_of, const TuningListener& listener,
                             const CancelFlag& cancelled) {
  if (groups.empty()) {
    throw Error(ErrorCode::ERR_MODEL_UNSUPPORTED, "expected layers with neurons that can be pruned, the model has none");
  }
  const at::Device device = program.constant(groups[0].weight)->device();
  int64_t neurons = 0;
  for (const NeuronGroup& group : groups) neurons += group.channels;
  at::Tensor mask = at::ones({neurons}, at::TensorOptions().device(device)).set_requires_grad(true);
  at::Tensor velocity = at::zeros_like(mask);
  at::Generator random = make_generator(plan.seed);
  BatchOrder order(images, plan.batch_size, plan.seed + 1);
  TuningProgress progress{0, plan.steps, 0.0};
  double total = 0.0;
  for (int64_t step = 0; step < plan.steps; ++step) {
    throw_if_cancelled(cancelled);
    const at::Tensor rows = order.next();
    // One step of ascent from a random place, as published.
    const at::Tensor of_weights = uniform(mask, plan.bound, random).set_requires_grad(true);
    const at::Tensor of_biases = uniform(mask, plan.bound, random).set_requires_grad(true);
    const at::Tensor random_loss = loss_of(rows, scaled(program, groups, mask.detach() + of_weights, 1.0 + of_biases));
    const std::vector<at::Tensor> ascent = gradients(random_loss, {of_weights, of_biases});
    const auto ascended = [&](const at::Tensor& perturbation, const at::Tensor& gradient) {
      // Neurons without biases leave theirs without a gradient.
      if (!gradient.defined()) return perturbation.detach();
      return (perturbation.detach() + plan.bound * gradient.sign()).clamp(-plan.bound, plan.bound);
    };
    const at::Tensor worst_weights = ascended(of_weights, ascent[0]);
    const at::Tensor worst_biases = ascended(of_biases, ascent[1]);
    const at::Tensor natural = loss_of(rows, scaled(program, groups, mask, at::ones_like(mask)));
    const at::Tensor attacked = loss_of(rows, scaled(program, groups, mask + worst_weights, 1.0 + worst_biases));
    const at::Tensor loss = plan.balance * natural + (1.0 - plan.balance) * attacked;
    const at::Tensor gradient = gradients(loss, {mask})[0];
    at::NoGradGuard no_grad;
    velocity = kMomentum * velocity + gradient;
    mask.sub_(plan.learning_rate * velocity).clamp_(0.0, 1.0);
    const double value = loss.item<double>();
    if (!std::isfinite(value)) throw Error(ErrorCode::ERR_NONFINITE, "the loss of the masks became NaN or infinite");
    total += value;
    progress.step = step + 1;
    progress.loss = total / static_cast<double>(step + 1);
    listener(progress);
  }
  return mask.detach().cpu();
}

}  // namespace drmguard
