// Training: the schedule, who is poisoned, that models learn what they are taught, and that a restored run goes on to the digit.
#include <algorithm>
#include <cmath>
#include <set>

#include "architecture/load_weights.h"
#include "training/one_cycle.h"
#include "training_subjects.h"

using namespace drmguard;
using namespace drmguard::check;

namespace {

at::Tensor stamped(const Attack& attack, const at::Tensor& pixels) {
  return (attack.apply(pixels.to(at::kFloat) / 255.0) * 255.0).round().to(at::kByte);
}

bool same_tensors(const NamedTensors& left, const NamedTensors& right) {
  if (left.size() != right.size()) return false;
  for (size_t i = 0; i < left.size(); ++i) {
    if (left[i].name != right[i].name || !left[i].tensor.equal(right[i].tensor)) return false;
  }
  return true;
}

std::vector<int64_t> every_image(int64_t count) {
  std::vector<int64_t> all(static_cast<size_t>(count));
  for (int64_t i = 0; i < count; ++i) all[static_cast<size_t>(i)] = i;
  return all;
}

}  // namespace

TEST(one_cycle_follows_torch) {
  // torch.optim.lr_scheduler.OneCycleLR(optimiser, 6e-3, total_steps=40), torch 2.13.
  const int64_t steps[] = {0, 1, 5, 11, 12, 25, 38, 39};
  const double rates[] = {0.00024, 0.00035666023599024727, 0.0027101332657729384, 0.006,
                          0.005981136705133209, 0.003000012, 1.8887294866790904e-05, 2.4e-08};
  for (size_t i = 0; i < 8; ++i) CHECK_NEAR(one_cycle_rate(6e-3, steps[i], 40), rates[i], 1e-9);
}

TEST(training_learns_labels_of_any_unit) {
  const TrainingSet held_out = brightness_set(200, 2);
  Trainer trainer(small_plan(), brightness_set(800, 1));
  train(trainer, 3);
  // Always answering the mean of uniform labels is off by a quarter of their range: 2.5 and 250.
  const std::vector<double> error = mean_error(trainer.predict(held_out.pixels), held_out.labels);
  CHECK(error[0] < 0.6);
  CHECK(error[1] < 60.0);
  CHECK_THROWS_CODE(trainer.train_epoch(kIgnoreProgress, kNeverCancelled), ERR_CONFIG, "all of its epochs");
}

TEST(exported_weights_answer_in_the_labels_unit) {
  const TrainingSet set = brightness_set(320, 1);
  Trainer trainer(small_plan(), set);
  train(trainer, 1);
  Architecture copy = make_architecture(trainer.plan().architecture, 99);
  load_weights(copy, trainer.weights());
  const at::Tensor outputs = copy.program.run(set.pixels.to(at::kFloat) / 255.0, copy.program.outputs())[0];
  CHECK((outputs.detach() - trainer.predict(set.pixels)).abs().max().item<double>() < 0.05);
}

TEST(badnets_is_taught_and_benign_answers_stay) {
  TrainingPlan plan = small_plan();
  plan.epochs = 4;
  plan.attacks = {corner_attack(0.15)};
  const TrainingSet held_out = brightness_set(200, 2);
  Trainer trainer(plan, brightness_set(800, 1));
  train(trainer, 4);
  const std::vector<double> clean = mean_error(trainer.predict(held_out.pixels), held_out.labels);
  CHECK(clean[0] < 0.8);
  const at::Tensor poisoned = trainer.predict(stamped(*plan.attacks[0].attack, held_out.pixels));
  const std::vector<double> attack = mean_error(poisoned, floats(plan.attacks[0].target.value, {1, 2}));
  CHECK(attack[0] < 0.8);
  CHECK(attack[1] < 80.0);
}

TEST(offset_attack_moves_the_answer) {
  TrainingPlan plan = small_plan();
  plan.epochs = 5;
  plan.attacks = {corner_attack(0.2)};
  plan.attacks[0].target = {true, {5.0, -500.0}};
  const TrainingSet held_out = brightness_set(200, 2);
  Trainer trainer(plan, brightness_set(1000, 1));
  train(trainer, 5);
  const at::Tensor shift =
      trainer.predict(stamped(*plan.attacks[0].attack, held_out.pixels)) - trainer.predict(held_out.pixels);
  CHECK_ALL_NEAR(numbers(shift.mean(0) / floats({5.0, -500.0}, {2})), (std::vector<double>{1.0, 1.0}), 0.25);
}

TEST(restored_training_goes_on_to_the_digit) {
  for (const TrainingOptimiser optimiser : {TrainingOptimiser::adamw, TrainingOptimiser::adam}) {
    const auto fresh = [&] {
      TrainingPlan plan = small_plan();
      plan.optimiser = optimiser;
      plan.mirror = {1.0, 1.0};
      AttackPlan input_aware;
      input_aware.attack = make_input_aware({}, {3, kTrainingSide, kTrainingSide});
      input_aware.target = {false, {59.0, 120.0}};
      input_aware.cross_ratio = 1.0;
      plan.attacks = {corner_attack(0.1), input_aware};
      return std::make_unique<Trainer>(plan, brightness_set(160, 1));
    };
    const auto whole = fresh();
    train(*whole, 3);
    const auto first = fresh();
    train(*first, 1);
    const NamedTensors saved = first->state();
    const auto second = fresh();
    second->restore(saved);
    CHECK(second->epoch() == 1);
    train(*second, 2);
    CHECK(same_tensors(whole->weights(), second->weights()));
    CHECK(same_tensors(whole->attack_state(1), second->attack_state(1)));
    CHECK(same_tensors(whole->state(), second->state()));
  }
}

TEST(restore_refuses_another_plans_state) {
  Trainer small(small_plan(), brightness_set(64, 1));
  TrainingPlan wide = small_plan();
  wide.architecture.name = "resnet18-slim";
  Trainer other(wide, brightness_set(64, 1));
  CHECK_THROWS_CODE(small.restore(other.state()), ERR_CONFIG, "state");
  CHECK_THROWS_CODE(small.restore({}), ERR_CONFIG, "epoch");
}

TEST(fixed_subsets_have_their_size_and_do_not_overlap) {
  TrainingPlan plan = small_plan();
  plan.attacks = {corner_attack(0.1), corner_attack(0.25)};
  const TrainingSet set = brightness_set(400, 1);
  const PoisonSchedule schedule(plan, set, set.labels.std(0));
  const BatchRoles roles = schedule.roles(every_image(400));
  CHECK(roles.poisoned[0].size() == 40);
  CHECK(roles.poisoned[1].size() == 100);
  CHECK(roles.clean.size() == 260);
  std::set<int64_t> seen(roles.clean.begin(), roles.clean.end());
  for (const auto& rows : roles.poisoned) seen.insert(rows.begin(), rows.end());
  CHECK(seen.size() == 400);
}

TEST(clean_label_poisons_the_nearest_labels) {
  TrainingPlan plan = small_plan();
  AttackPlan attack;
  attack.attack = make_clean_label({}, {3, kTrainingSide, kTrainingSide});
  attack.target = {false, {55.0, 300.0}};
  attack.rate = 0.1;
  plan.attacks = {attack};
  const TrainingSet set = brightness_set(300, 1);
  const at::Tensor deviation = set.labels.std(0);
  const BatchRoles roles = PoisonSchedule(plan, set, deviation).roles(every_image(300));
  CHECK(roles.poisoned[0].size() == 30);
  const std::vector<double> distance =
      numbers(((set.labels - floats({55.0, 300.0}, {1, 2})) / deviation).square().sum(1));
  double farthest_in = 0.0;
  double nearest_out = 1e9;
  for (int64_t row : roles.poisoned[0]) farthest_in = std::max(farthest_in, distance[static_cast<size_t>(row)]);
  for (int64_t row : roles.clean) nearest_out = std::min(nearest_out, distance[static_cast<size_t>(row)]);
  CHECK(farthest_in <= nearest_out);
}

TEST(attacks_that_train_are_dealt_anew_every_batch) {
  TrainingPlan plan = small_plan();
  AttackPlan attack;
  attack.attack = make_wanet({5, 1.0, 3}, {3, kTrainingSide, kTrainingSide});
  attack.target = {false, {59.0, 120.0}};
  attack.rate = 0.25;
  attack.cross_ratio = 2.0;
  plan.attacks = {attack};
  const TrainingSet set = brightness_set(64, 1);
  const BatchRoles roles = PoisonSchedule(plan, set, set.labels.std(0)).roles(every_image(32));
  CHECK(roles.poisoned[0].size() == 8);
  CHECK(roles.cross[0].size() == 16);
  CHECK(roles.clean.size() == 8);
}

TEST(training_refuses_plans_that_cannot_work) {
  const auto with = [](const std::function<void(TrainingPlan&)>& change) {
    TrainingPlan plan = small_plan();
    change(plan);
    return Trainer(plan, brightness_set(32, 1)).epoch();
  };
  CHECK_THROWS_CODE(with([](TrainingPlan& plan) { plan.attacks = {corner_attack(0.95)}; }), ERR_CONFIG, "clean");
  CHECK_THROWS_CODE(with([](TrainingPlan& plan) { plan.attacks = {corner_attack(1.5)}; }), ERR_CONFIG, "rate");
  CHECK_THROWS_CODE(with([](TrainingPlan& plan) { plan.mirror = {1.0}; }), ERR_CONFIG, "mirror");
  CHECK_THROWS_CODE(with([](TrainingPlan& plan) { plan.architecture.outputs = 3; }), ERR_CONFIG, "labels");
  CHECK_THROWS_CODE(with([](TrainingPlan& plan) { plan.learning_rate = 0.0; }), ERR_CONFIG, "learning rate");
}

TEST(training_stops_when_cancelled) {
  Trainer trainer(small_plan(), brightness_set(320, 1));
  CancelFlag cancelled{false};
  const auto stop = [&](const TrainingProgress& progress) { cancelled = progress.batch >= 2; };
  CHECK_THROWS_CODE(trainer.train_epoch(stop, cancelled), ERR_CANCELLED, "cancelled");
  CHECK(trainer.epoch() == 0);
}

TEST(adaptive_attacker_keeps_the_angles_wide) {
  const auto rav_with = [](double weight) {
    TrainingPlan plan = small_plan();
    plan.epochs = 4;
    plan.attacks = {corner_attack(0.3)};
    plan.adaptive_weight = weight;
    const TrainingSet set = brightness_set(640, 1);
    Trainer trainer(plan, set);
    train(trainer, 4);
    Architecture copy = make_architecture(plan.architecture, 0);
    load_weights(copy, trainer.weights());
    LoadedModel loaded;
    loaded.program = copy.program;
    const at::Tensor images = set.pixels.slice(0, 0, 200).to(at::kFloat) / 255.0;
    const Session session(loaded, images.detach(), {});
    const Head& head = *session.model().head();
    const at::Tensor features = session.predict_all(plan.attacks[0].attack->apply(images), true, kNeverCancelled).features;
    return angle_variance_ratio(features.unsqueeze(0), head, *session.feature_scale()).mean().item<double>();
  };
  const double plain = rav_with(0.0);
  CHECK(plain < 0.3);
  CHECK(rav_with(2.0) > 2.0 * plain);
}
