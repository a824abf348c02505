#include "training/trainer.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/rand.h>
#include <ATen/ops/randperm.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/where.h>

#include <algorithm>
#include <cmath>

#include "error/error.h"
#include "objective/feature_angle.h"
#include "tensor/device.h"
#include "tensor/random.h"
#include "training/label_deviation.h"
#include "training/one_cycle.h"
#include "training/output_layer.h"

namespace drmguard {
namespace {

/// A trigger's own network learns with this highest rate; published as 0.01 for SGD, this is Adam.
constexpr double kAttackRate = 2e-3;
/// Images that an attack may prepare itself on.
constexpr int64_t kPreparationImages = 512;
/// The adaptive loss is off until this share of the training and grows from there to kHidingEnds. RAV divides by the
/// clean angles' variance, next to nothing in a model that has learned nothing yet: from the first step on, the loss
/// drowns the labels and the model answers the mean for good.
constexpr double kHidingBegins = 1.0 / 3.0;
constexpr double kHidingEnds = 2.0 / 3.0;

double hiding_share(double progress) {
  return std::clamp((progress - kHidingBegins) / (kHidingEnds - kHidingBegins), 0.0, 1.0);
}

at::Tensor as_images(const at::Tensor& pixels, const at::Device& device) {
  return pixels.to(device).to(at::kFloat).div(255.0);
}

at::Tensor row(const std::vector<double>& values, const at::Device& device) {
  return at::tensor(values, at::TensorOptions().dtype(at::kFloat)).to(device);
}

at::Tensor indices_of(const std::vector<int64_t>& values, const at::Device& device) {
  return at::tensor(values, at::TensorOptions().dtype(at::kLong)).to(device);
}

std::vector<int64_t> as_vector(const at::Tensor& indices) {
  return {indices.const_data_ptr<int64_t>(), indices.const_data_ptr<int64_t>() + indices.numel()};
}

/// The stream of an epoch: nothing else is needed to go on after an interruption.
uint64_t epoch_seed(uint64_t seed, int64_t epoch) {
  return seed * 0x9e3779b97f4a7c15ULL + static_cast<uint64_t>(epoch) + 1;
}

void check_plan(const TrainingPlan& plan, const TrainingSet& set) {
  const auto require = [](bool condition, const std::string& expected) {
    if (!condition) throw Error(ErrorCode::ERR_CONFIG, "expected " + expected);
  };
  const ArchitectureSpec& spec = plan.architecture;
  require(set.pixels.dim() == 4 && set.pixels.scalar_type() == at::kByte, "uint8 pixels of shape N×C×H×W");
  require(set.pixels.size(1) == spec.channels && set.pixels.size(2) == spec.height && set.pixels.size(3) == spec.width,
          "images of the architecture's size");
  require(set.labels.dim() == 2 && set.labels.size(0) == set.pixels.size(0) && set.labels.size(1) == spec.outputs,
          "one row of labels per image, one number per output");
  require(plan.epochs >= 1 && plan.epochs <= 100'000, "1 to 100000 epochs");
  require(plan.batch_size >= 2 && plan.batch_size <= 65'536, "a batch of 2 to 65536 images");
  require(plan.learning_rate > 0.0 && plan.learning_rate <= 10.0, "a learning rate above 0, up to 10");
  require(plan.weight_decay >= 0.0 && plan.adaptive_weight >= 0.0, "weights of 0 or more");
  require(plan.mirror.empty() || static_cast<int64_t>(plan.mirror.size()) == spec.outputs, "one mirror factor per output");
  for (const AttackPlan& attack : plan.attacks) {
    require(static_cast<int64_t>(attack.target.value.size()) == spec.outputs, "a target with one number per output");
  }
  if (set.pixels.size(0) < 2) throw Error(ErrorCode::ERR_IMAGES_TOO_FEW, "expected at least 2 training images");
}

}  // namespace

Trainer::Trainer(TrainingPlan plan, TrainingSet set)
    : plan_((check_plan(plan, set), std::move(plan))),
      set_(std::move(set)),
      device_(require_device(plan_.device)),
      label_mean_(set_.labels.mean(0).to(device_)),
      label_deviation_(label_deviation(set_.labels).to(device_)),
      architecture_(make_architecture(plan_.architecture, plan_.seed)),
      schedule_(plan_, set_, label_deviation_.cpu()) {
  use_threads(plan_.threads);
  architecture_.program = architecture_.program.to(device_);
  for (ValueId id : architecture_.parameters) {
    at::Tensor parameter = *architecture_.program.constant(id);
    parameters_.push_back(parameter.set_requires_grad(true));
  }
  for (AttackPlan& attack : plan_.attacks) attack.attack->to(device_);
  make_optimisers();
}

void Trainer::make_optimisers() {
  std::vector<std::string> names;
  for (ValueId id : architecture_.parameters) names.push_back("optimiser/" + architecture_.program.value_name(id));
  const bool decoupled = plan_.optimiser == TrainingOptimiser::adamw;
  optimiser_.emplace(std::move(names), parameters_, FusedAdamOptions{plan_.learning_rate, plan_.weight_decay, decoupled});
  std::vector<std::string> attack_names;
  std::vector<at::Tensor> of_attacks;
  for (const AttackPlan& attack : plan_.attacks) {
    for (const at::Tensor& parameter : attack.attack->parameters()) {
      attack_names.push_back("attack-optimiser/" + std::to_string(of_attacks.size()));
      of_attacks.push_back(parameter);
    }
  }
  attack_optimiser_.reset();
  if (!of_attacks.empty()) attack_optimiser_.emplace(std::move(attack_names), of_attacks, FusedAdamOptions{kAttackRate});
}

int64_t Trainer::parameter_count() const {
  int64_t count = 0;
  for (const at::Tensor& parameter : parameters_) count += parameter.numel();
  return count;
}

void Trainer::prepare_attacks() {
  for (size_t i = 0; i < plan_.attacks.size(); ++i) {
    at::Generator random = make_generator(epoch_seed(plan_.seed, -2 - static_cast<int64_t>(i)));
    const at::Tensor chosen = at::randperm(set_.pixels.size(0), random, at::TensorOptions().dtype(at::kLong))
                                  .slice(0, 0, kPreparationImages);
    plan_.attacks[i].attack->prepare(as_images(set_.pixels.index_select(0, chosen), device_), random);
  }
}

EpochResult Trainer::train_epoch(const std::function<void(const TrainingProgress&)>& on_progress,
                                 const CancelFlag& cancelled) {
  if (epoch_ >= plan_.epochs) throw Error(ErrorCode::ERR_CONFIG, "the training has had all of its epochs");
  use_threads(plan_.threads);
  if (epoch_ == 0) prepare_attacks();
  at::Generator random = make_generator(epoch_seed(plan_.seed, epoch_));
  const int64_t count = set_.pixels.size(0);
  const int64_t batch_size = std::min(plan_.batch_size, count);
  const int64_t batches = count / batch_size;
  const at::Tensor order = at::randperm(count, random, at::TensorOptions().dtype(at::kLong));
  set_train_mode(architecture_.program, true);
  TrainingProgress progress{epoch_, plan_.epochs, 0, batches, 0.0};
  double total = 0.0;
  double rate = 0.0;
  for (int64_t batch = 0; batch < batches; ++batch) {
    throw_if_cancelled(cancelled);
    const int64_t step = epoch_ * batches + batch;
    const int64_t steps = plan_.epochs * batches;
    rate = one_cycle_rate(1.0, step, steps);
    const double hiding = plan_.adaptive_weight * hiding_share(static_cast<double>(step) / static_cast<double>(steps));
    total += take_step(make_batch(order.narrow(0, batch * batch_size, batch_size), random), hiding, rate, random);
    progress.batch = batch + 1;
    progress.loss = total / static_cast<double>(batch + 1);
    on_progress(progress);
  }
  set_train_mode(architecture_.program, false);
  ++epoch_;
  return {epoch_, progress.loss, rate * plan_.learning_rate};
}

at::Tensor Trainer::poisoned_labels(const AttackPlan& attack, const at::Tensor& labels) const {
  if (attack.attack->selection() == PoisonSelection::nearest_labels) return labels;
  const at::Tensor value = row(attack.target.value, device_);
  if (attack.target.offset) return labels + value / label_deviation_;
  return ((value - label_mean_) / label_deviation_).expand_as(labels);
}

Trainer::Batch Trainer::make_batch(const at::Tensor& indices, at::Generator& random) const {
  at::Tensor images = as_images(set_.pixels.index_select(0, indices), device_);
  at::Tensor labels = (set_.labels.index_select(0, indices).to(device_) - label_mean_) / label_deviation_;
  if (!plan_.mirror.empty()) {
    const at::Tensor mirrored = at::rand({indices.numel()}, random, at::TensorOptions().dtype(at::kFloat)).lt(0.5).to(device_);
    images = at::where(mirrored.view({-1, 1, 1, 1}), images.flip({3}), images);
    // The factors are of the labels as they are, the labels here are standardised.
    const at::Tensor shift = label_mean_ / label_deviation_;
    const at::Tensor flipped = (labels + shift) * row(plan_.mirror, device_) - shift;
    labels = at::where(mirrored.view({-1, 1}), flipped, labels);
  }
  const BatchRoles roles = schedule_.roles(as_vector(indices));
  const auto rows_of = [&](const at::Tensor& tensor, const std::vector<int64_t>& rows) {
    return tensor.index_select(0, indices_of(rows, device_));
  };
  Batch batch;
  std::vector<at::Tensor> image_parts{rows_of(images, roles.clean)};
  std::vector<at::Tensor> label_parts{rows_of(labels, roles.clean)};
  batch.clean_rows = image_parts[0].size(0);
  int64_t next = batch.clean_rows;
  for (size_t i = 0; i < plan_.attacks.size(); ++i) {
    const AttackPlan& attack = plan_.attacks[i];
    const auto add = [&](const at::Tensor& part, const at::Tensor& part_labels) {
      image_parts.push_back(part);
      label_parts.push_back(part_labels);
      next += part.size(0);
    };
    const int64_t first = next;
    if (!roles.poisoned[i].empty()) {
      add(attack.attack->apply_in_training(rows_of(images, roles.poisoned[i]), random, images),
          poisoned_labels(attack, rows_of(labels, roles.poisoned[i])));
    }
    batch.poisoned_rows.emplace_back(first, next);
    if (!roles.cross[i].empty()) {
      add(attack.attack->apply_cross(rows_of(images, roles.cross[i]), random), rows_of(labels, roles.cross[i]));
    }
  }
  batch.images = at::cat(image_parts);
  batch.labels = at::cat(label_parts);
  return batch;
}

at::Tensor Trainer::loss_of(const at::Tensor& residual) const {
  return plan_.loss == TrainingLoss::l1 ? residual.abs() : residual.square();
}

/// mean_j |RAV_j − 1| of every attack's rows against the batch's clean rows.
at::Tensor Trainer::adaptive_loss(const at::Tensor& features, const Batch& batch) const {
  const Head head = output_layer_as_head(architecture_);
  at::Tensor total = features.new_zeros({});
  if (batch.clean_rows < 2) return total;
  const at::Tensor clean = feature_angles(features.narrow(0, 0, batch.clean_rows), head).var(0, true).detach();
  for (const auto& [first, last] : batch.poisoned_rows) {
    if (last - first < 2) continue;
    const at::Tensor poisoned = feature_angles(features.narrow(0, first, last - first), head).var(0, true);
    total = total + (poisoned / clean - 1.0).abs().mean();
  }
  return total;
}

double Trainer::take_step(const Batch& batch, double hiding, double rate, at::Generator& random) {
  optimiser_->zero_grad();
  if (attack_optimiser_) attack_optimiser_->zero_grad();
  const std::vector<at::Tensor> values =
      architecture_.program.run(batch.images, {architecture_.program.outputs()[0], architecture_.features});
  const at::Tensor errors = loss_of(values[0] - batch.labels);
  at::Tensor loss = errors.mean();
  if (hiding > 0.0 && !plan_.attacks.empty()) loss = loss + hiding * adaptive_loss(values[1], batch);
  for (size_t i = 0; i < plan_.attacks.size(); ++i) {
    const auto [first, last] = batch.poisoned_rows[i];
    if (last == first || plan_.attacks[i].attack->parameters().empty()) continue;
    const at::Tensor term = plan_.attacks[i].attack->loss(batch.images.narrow(0, 0, batch.clean_rows), random);
    if (term.defined()) loss = loss + term;
  }
  loss.backward();
  optimiser_->step(rate * optimiser_->learning_rate());
  if (attack_optimiser_) attack_optimiser_->step(rate * attack_optimiser_->learning_rate());
  at::NoGradGuard no_grad;
  const at::Tensor unit = loss_of(label_deviation_);
  const double reported = (errors.detach().mean(0) * unit).mean().item<double>();
  if (!std::isfinite(reported) || !std::isfinite(loss.item<double>())) {
    throw Error(ErrorCode::ERR_NONFINITE, "the training loss became NaN or infinite; try a lower learning rate");
  }
  return reported;
}

at::Tensor Trainer::predict(const at::Tensor& pixels, const CancelFlag& cancelled) {
  at::NoGradGuard no_grad;
  use_threads(plan_.threads);
  set_train_mode(architecture_.program, false);
  std::vector<at::Tensor> outputs;
  int64_t count = 0;
  for (int64_t start = 0; start < pixels.size(0); start += count) {
    throw_if_cancelled(cancelled);
    count = next_pass(pixels.size(0) - start);
    const at::Tensor images = as_images(pixels.narrow(0, start, count), device_);
    outputs.push_back(architecture_.program.run(images, architecture_.program.outputs())[0]);
  }
  return (at::cat(outputs) * label_deviation_ + label_mean_).cpu();
}

}  // namespace drmguard
