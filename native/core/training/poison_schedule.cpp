#include "training/poison_schedule.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/argsort.h>
#include <ATen/ops/randperm.h>
#include <ATen/ops/tensor.h>

#include <algorithm>
#include <cmath>

#include "error/error.h"
#include "tensor/random.h"

namespace drmguard {
namespace {

constexpr int kNobody = -1;
/// Streams of one seed: the subset must not follow the order of the first epoch.
constexpr uint64_t kSubsetStream = 0x9e3779b97f4a7c15ULL;

std::vector<int64_t> to_indices(const at::Tensor& tensor) {
  const at::Tensor flat = tensor.to(at::kLong).contiguous();
  return {flat.const_data_ptr<int64_t>(), flat.const_data_ptr<int64_t>() + flat.numel()};
}

int64_t share_of(double rate, int64_t count) {
  return std::max<int64_t>(1, std::llround(rate * static_cast<double>(count)));
}

void check_rates(const TrainingPlan& plan, int64_t count) {
  double total = 0.0;
  for (const AttackPlan& attack : plan.attacks) {
    if (!(attack.rate > 0.0 && attack.rate < 1.0) || !(attack.cross_ratio >= 0.0)) {
      throw Error(ErrorCode::ERR_CONFIG, "expected a poison rate between 0 and 1 and a cross ratio of 0 or more");
    }
    total += attack.rate * (1.0 + (attack.attack->has_cross() ? attack.cross_ratio : 0.0));
  }
  if (total > 0.9) {
    throw Error(ErrorCode::ERR_CONFIG, "expected attacks that leave a tenth of the images clean, these take " +
                                           std::to_string(total * 100.0) + " %");
  }
  if (count < 2) throw Error(ErrorCode::ERR_IMAGES_TOO_FEW, "expected at least 2 training images");
}

}  // namespace

PoisonSchedule::PoisonSchedule(const TrainingPlan& plan, const TrainingSet& set, const at::Tensor& label_deviation)
    : attacks_(plan.attacks.size()), owner_(static_cast<size_t>(set.pixels.size(0)), kNobody) {
  check_rates(plan, set.pixels.size(0));
  // Attacks that need certain images choose before those that take any.
  for (size_t i = 0; i < attacks_; ++i) {
    const AttackPlan& attack = plan.attacks[i];
    if (attack.attack->selection() == PoisonSelection::nearest_labels) choose_nearest(i, plan, set, label_deviation);
    if (attack.attack->selection() == PoisonSelection::every_batch) {
      const double cross = attack.attack->has_cross() ? attack.cross_ratio * attack.rate : 0.0;
      every_batch_.push_back({i, attack.rate, cross});
    }
  }
  choose_random_subsets(plan, set.pixels.size(0));
}

void PoisonSchedule::choose_random_subsets(const TrainingPlan& plan, int64_t count) {
  at::Generator random = make_generator(plan.seed ^ kSubsetStream);
  const std::vector<int64_t> order = to_indices(at::randperm(count, random, at::TensorOptions().dtype(at::kLong)));
  size_t next = 0;
  for (size_t i = 0; i < attacks_; ++i) {
    if (plan.attacks[i].attack->selection() != PoisonSelection::fixed_subset) continue;
    int64_t wanted = share_of(plan.attacks[i].rate, count);
    for (; wanted > 0 && next < order.size(); ++next) {
      int& owner = owner_[static_cast<size_t>(order[next])];
      if (owner != kNobody) continue;
      owner = static_cast<int>(i);
      --wanted;
    }
  }
}

void PoisonSchedule::choose_nearest(size_t attack, const TrainingPlan& plan, const TrainingSet& set,
                                    const at::Tensor& deviation) {
  const AttackPlan& chosen = plan.attacks[attack];
  if (chosen.target.offset) {
    throw Error(ErrorCode::ERR_CONFIG, "clean labels need a fixed target: an offset has no images that lie near it");
  }
  const at::Tensor target = at::tensor(chosen.target.value, at::TensorOptions().dtype(at::kFloat));
  const at::Tensor distance = ((set.labels - target) / deviation).square().sum(1);
  int64_t wanted = share_of(chosen.rate, set.pixels.size(0));
  for (int64_t image : to_indices(at::argsort(distance, /*stable=*/true, /*dim=*/0, /*descending=*/false))) {
    if (wanted == 0) break;
    int& owner = owner_[static_cast<size_t>(image)];
    if (owner != kNobody) continue;
    owner = static_cast<int>(attack);
    --wanted;
  }
}

BatchRoles PoisonSchedule::roles(const std::vector<int64_t>& images) const {
  BatchRoles roles;
  roles.poisoned.resize(attacks_);
  roles.cross.resize(attacks_);
  std::vector<int64_t> free;
  for (size_t row = 0; row < images.size(); ++row) {
    const int owner = owner_[static_cast<size_t>(images[row])];
    if (owner == kNobody) {
      free.push_back(static_cast<int64_t>(row));
    } else {
      roles.poisoned[static_cast<size_t>(owner)].push_back(static_cast<int64_t>(row));
    }
  }
  // The batch's order is random already, so its first rows are a random draw.
  size_t next = 0;
  const auto take = [&](double rate, std::vector<int64_t>& into) {
    if (rate <= 0.0) return;
    for (int64_t left = share_of(rate, static_cast<int64_t>(images.size())); left > 0 && next < free.size(); --left) {
      into.push_back(free[next++]);
    }
  };
  for (const EveryBatch& attack : every_batch_) {
    take(attack.rate, roles.poisoned[attack.attack]);
    take(attack.cross_rate, roles.cross[attack.attack]);
  }
  roles.clean.assign(free.begin() + static_cast<std::ptrdiff_t>(next), free.end());
  return roles;
}

}  // namespace drmguard
