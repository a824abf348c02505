#include "mitigation/tuner.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/zeros.h>

#include <algorithm>
#include <cmath>
#include <sstream>
#include <unordered_map>

#include "error/error.h"
#include "mitigation/batch_order.h"
#include "mitigation/neuron_masks.h"
#include "tensor/device.h"
#include "training/fused_adam.h"
#include "training/label_deviation.h"
#include "training/one_cycle.h"

namespace drmguard {
namespace {

void require(bool condition, const std::string& expected) {
  if (!condition) throw Error(ErrorCode::ERR_CONFIG, "expected " + expected);
}

void check_set(const at::Tensor& images, const at::Tensor& labels, const std::vector<int64_t>& shape, int64_t outputs) {
  require(images.dim() == 4 && images.sizes().slice(1).equals(shape), "images of the model's size");
  require(labels.dim() == 2 && labels.size(0) == images.size(0) && labels.size(1) == outputs,
          "one row of labels per image, one number per output of the model");
  if (images.size(0) < 2) throw Error(ErrorCode::ERR_IMAGES_TOO_FEW, "expected at least 2 images to train on");
}

}  // namespace

Tuner::Tuner(TunableModel model, TunerOptions options)
    : model_(std::move(model)), options_(std::move(options)), device_(require_device(options_.device)) {
  use_threads(options_.threads);
  // Tried on grey images first: what is no regression model is told so before anything is trained.
  const RegressionModel tried(snapshot(), options_.pixels, options_.image_shape, device_, {"", /*output_only=*/true});
  outputs_ = tried.outputs();
  model_.program = model_.program.to(device_);
  std::unordered_map<ValueId, at::Tensor> leaves;
  for (ValueId id : model_.parameters) leaves.emplace(id, parameter(id).clone(at::MemoryFormat::Contiguous).set_requires_grad(true));
  model_.program = model_.program.with_constants(leaves);
  neurons_ = find_neurons(model_.program, model_.parameters);
}

int64_t Tuner::parameter_count() const {
  int64_t count = 0;
  for (ValueId id : model_.parameters) count += parameter(id).numel();
  return count;
}

std::vector<int64_t> Tuner::neuron_groups() const {
  std::vector<int64_t> channels;
  for (const NeuronGroup& group : neurons_) channels.push_back(group.channels);
  return channels;
}

int64_t Tuner::neuron_count() const {
  int64_t count = 0;
  for (const NeuronGroup& group : neurons_) count += group.channels;
  return count;
}

at::Tensor Tuner::outputs_of(const at::Tensor& images, const Overrides& overrides) const {
  const std::vector<at::Tensor> values = model_.program.run(options_.pixels.apply(images), model_.program.outputs(), overrides);
  return (values.size() == 1 ? values[0] : at::cat(values, 1)).to(at::kFloat);
}

double Tuner::train(const TuningPlan& plan, const at::Tensor& images, const at::Tensor& labels,
                    const TuningListener& listener, const CancelFlag& cancelled) {
  check_set(images, labels, options_.image_shape, outputs_);
  require(plan.steps >= 1 && plan.steps <= 10'000'000, "1 to 10000000 steps");
  require(plan.batch_size >= 2, "a batch of at least 2 images");
  require(plan.learning_rate > 0.0 && plan.weight_decay >= 0.0, "a learning rate above 0 and a weight decay of 0 or more");
  use_threads(options_.threads);
  std::vector<at::Tensor> parameters;
  for (ValueId id : model_.parameters) parameters.push_back(parameter(id));
  FusedAdam optimiser(model_.names, parameters, {plan.learning_rate, plan.weight_decay, /*decoupled=*/true});
  const at::Tensor deviation = label_deviation(labels).to(device_);
  BatchOrder order(images.size(0), plan.batch_size, plan.seed);
  TuningProgress progress{0, plan.steps, 0.0};
  double total = 0.0;
  for (int64_t step = 0; step < plan.steps; ++step) {
    throw_if_cancelled(cancelled);
    const at::Tensor rows = order.next();
    const at::Tensor residual =
        (outputs_of(images.index_select(0, rows).to(device_)) - labels.index_select(0, rows).to(device_)) / deviation;
    const at::Tensor loss = (plan.loss == TrainingLoss::l1 ? residual.abs() : residual.square()).mean();
    optimiser.zero_grad();
    loss.backward();
    optimiser.step(one_cycle_rate(plan.learning_rate, step, plan.steps));
    const double value = loss.item<double>();
    if (!std::isfinite(value)) {
      throw Error(ErrorCode::ERR_NONFINITE, "the loss became NaN or infinite; try a lower learning rate");
    }
    total += value;
    progress.step = step + 1;
    progress.loss = total / static_cast<double>(step + 1);
    listener(progress);
  }
  optimiser.zero_grad();
  return progress.loss;
}

at::Tensor Tuner::predict(const at::Tensor& images, const CancelFlag& cancelled) const {
  at::NoGradGuard no_grad;
  use_threads(options_.threads);
  std::vector<at::Tensor> outputs;
  int64_t count = 0;
  for (int64_t start = 0; start < images.size(0); start += count) {
    throw_if_cancelled(cancelled);
    count = next_pass(images.size(0) - start);
    outputs.push_back(outputs_of(images.narrow(0, start, count).to(device_)).cpu());
  }
  return outputs.empty() ? at::zeros({0, outputs_}) : at::cat(outputs);
}

at::Tensor Tuner::activations(const at::Tensor& images, const CancelFlag& cancelled) const {
  at::NoGradGuard no_grad;
  use_threads(options_.threads);
  std::vector<ValueId> wanted;
  for (const NeuronGroup& group : neurons_) wanted.push_back(group.output);
  at::Tensor sums = at::zeros({neuron_count()}, at::TensorOptions().dtype(at::kDouble));
  int64_t count = 0;
  for (int64_t start = 0; start < images.size(0); start += count) {
    throw_if_cancelled(cancelled);
    count = next_pass(images.size(0) - start);
    const at::Tensor input = options_.pixels.apply(images.narrow(0, start, count).to(device_));
    std::vector<at::Tensor> means;
    const std::vector<at::Tensor> values = model_.program.run(input, wanted);
    for (size_t i = 0; i < values.size(); ++i) {
      const at::Tensor channels = values[i].clamp_min(0.0).movedim(neurons_[i].axis, 0).flatten(1);
      means.push_back(channels.mean(1).to(at::kDouble).cpu());
    }
    if (!means.empty()) sums += at::cat(means) * static_cast<double>(count);
  }
  return (sums / static_cast<double>(std::max<int64_t>(1, images.size(0)))).to(at::kFloat);
}

at::Tensor Tuner::neuron_masks(const MaskPlan& plan, const at::Tensor& images, const at::Tensor& labels,
                               const TuningListener& listener, const CancelFlag& cancelled) const {
  check_set(images, labels, options_.image_shape, outputs_);
  require(plan.steps >= 1 && plan.batch_size >= 1, "a step and an image in a batch at least");
  use_threads(options_.threads);
  const at::Tensor deviation = label_deviation(labels).to(device_);
  const auto loss_of = [&](const at::Tensor& rows, const Overrides& overrides) {
    const at::Tensor outputs = outputs_of(images.index_select(0, rows).to(device_), overrides);
    return ((outputs - labels.index_select(0, rows).to(device_)) / deviation).abs().mean();
  };
  return adversarial_masks(plan, model_.program, neurons_, images.size(0), loss_of, listener, cancelled);
}

void Tuner::scale_neurons(const at::Tensor& factors) {
  require(factors.dim() == 1 && factors.numel() == neuron_count(), "one factor per neuron");
  at::NoGradGuard no_grad;
  int64_t first = 0;
  for (const NeuronGroup& group : neurons_) {
    const at::Tensor own = factors.narrow(0, first, group.channels).to(device_);
    first += group.channels;
    at::Tensor weight = parameter(group.weight);
    weight.mul_(along_weight(own, weight));
    if (group.bias != kNoValue) parameter(group.bias).mul_(own);
  }
}

NamedTensors Tuner::weights() const {
  NamedTensors weights;
  for (size_t i = 0; i < model_.parameters.size(); ++i) {
    weights.push_back({model_.names[i], parameter(model_.parameters[i]).detach().cpu().clone()});
  }
  return weights;
}

void Tuner::restore(const NamedTensors& weights) {
  require(weights.size() == model_.parameters.size(), "the weights of this model");
  at::NoGradGuard no_grad;
  for (size_t i = 0; i < weights.size(); ++i) {
    at::Tensor own = parameter(model_.parameters[i]);
    require(weights[i].name == model_.names[i] && weights[i].tensor.sizes().equals(own.sizes()) &&
                weights[i].tensor.scalar_type() == at::kFloat,
            "the weight " + model_.names[i] + " in its shape");
    own.copy_(weights[i].tensor);
  }
}

LoadedModel Tuner::snapshot() const {
  std::unordered_map<ValueId, at::Tensor> copies;
  for (ValueId id : model_.parameters) copies.emplace(id, parameter(id).detach().cpu().clone());
  LoadedModel model;
  model.program = model_.program.to(at::kCPU).with_constants(copies);
  for (const auto& [id, tensor] : model.program->constants()) model.parameters += tensor.numel();
  for (const Node& node : model.program->nodes()) ++model.operators[node.name];
  return model;
}

std::string Tuner::torchscript_archive() const {
  if (!model_.module) throw Error(ErrorCode::ERR_USAGE, "expected a model that came as a TorchScript archive");
  at::NoGradGuard no_grad;
  torch::jit::Module module = model_.module->deepcopy();
  std::unordered_map<std::string, at::Tensor> own;
  for (const auto& named : module.named_parameters(/*recurse=*/true)) own.emplace(named.name, named.value);
  for (const NamedTensor& weight : weights()) own.at(weight.name).copy_(weight.tensor);
  std::ostringstream archive;
  module.save(archive);
  return std::move(archive).str();
}

}  // namespace drmguard
