// The same work on a GPU as on the CPU. Convolutions there may round to TF32, and sums come in another order: numbers
// agree to a few hundredths, not to the digit. Skipped where there is no GPU.
#include <algorithm>
#include <cmath>

#include "attack_subjects.h"
#include "baseline/baseline.h"
#include "inversion/inversion.h"
#include "probe/probe_sweep.h"
#include "reference.h"
#include "tensor/device.h"
#include "training_subjects.h"

using namespace drmguard;
using namespace drmguard::check;

namespace {

std::string cuda_device() {
  const std::vector<DeviceFacts> devices = list_devices();
  const auto cuda = std::find_if(devices.begin(), devices.end(), [](const DeviceFacts& facts) {
    return facts.available && facts.device.rfind("cuda", 0) == 0;
  });
  if (cuda == devices.end()) throw Skipped{devices.size() > 1 ? devices[1].detail : "there is no CUDA device"};
  return cuda->device;
}

Session session_on(const std::string& device) {
  SessionOptions options;
  options.device = device;
  return Session(torchscript("test/fixtures/models/resnet18.trace.pt"), patterned_images(24, 32), options);
}

InversionResult inverted(const Session& session, TriggerFamily family, bool paper) {
  InversionPlan plan;
  plan.family = family;
  if (paper) {
    plan.objective = PaperObjective{};
    plan.starts = {{}};
  } else {
    plan.starts = {{reference::kWalkStart, Walk::anywhere, {}}, {reference::kWalkStart, Walk::around_mean, {}}};
  }
  plan.steps = 6;
  plan.batch_size = 8;
  plan.seed = 11;
  // A scan's rate for a network's weights: at a pattern's, rounding decides where six steps lead.
  if (family == TriggerFamily::encoder_decoder) plan.learning_rate *= 0.05;
  plan.samples = {0, 3};
  return invert(session, plan, [](const InversionProgress&) {}, kNeverCancelled);
}

void check_close(double actual, double expected, double share) {
  CHECK_NEAR(actual, expected, share * std::abs(expected) + 1e-6);
}

}  // namespace

TEST(cuda_answers_as_the_cpu) {
  const Session gpu = session_on(cuda_device());
  const Session cpu = session_on("cpu");
  CHECK_ALL_NEAR(numbers(gpu.benign_outputs()), numbers(cpu.benign_outputs()), 0.01);
  CHECK_ALL_NEAR(numbers(gpu.output_scale().mean), numbers(cpu.output_scale().mean), 0.01);
}

TEST(cuda_inversions_follow_the_cpu) {
  const Session gpu = session_on(cuda_device());
  const Session cpu = session_on("cpu");
  for (const bool paper : {false, true}) {
    for (const TriggerFamily family : kFamilies) {
      const InversionResult result = inverted(gpu, family, paper);
      const InversionResult expected = inverted(cpu, family, paper);
      check_close(result.curve[0].loss[0], expected.curve[0].loss[0], 0.02);
      CHECK_ALL_NEAR(result.outcomes[0].target, expected.outcomes[0].target, 0.05);
      check_close(result.outcomes[0].cost, expected.outcomes[0].cost, 0.15);
      CHECK(result.triggered_samples.device().is_cpu() && result.triggered_outputs.device().is_cpu());
      CHECK(result.triggered_samples.sizes() == expected.triggered_samples.sizes());
    }
  }
}

TEST(cuda_probes_the_same_patches) {
  const ProbePlan plan{8, {3}, 2, std::nullopt, 1, 1};
  const auto ignore = [](int64_t, int64_t) {};
  const ProbeResult result = probe_sweep(session_on(cuda_device()), plan, ignore, kNeverCancelled);
  const ProbeResult expected = probe_sweep(session_on("cpu"), plan, ignore, kNeverCancelled);
  CHECK(result.patches_tried > 0 && expected.patches_tried > 0);
  check_close(result.best.at(0).reading.variance_ratio, expected.best.at(0).reading.variance_ratio, 0.1);
}

TEST(cuda_runs_the_baselines) {
  const Session gpu = session_on(cuda_device());
  BaselinePlan plan;
  plan.targets = {reference::kWalkStart};
  plan.steps = 4;
  plan.batch_size = 8;
  for (const bool features : {false, true}) {
    if (features) plan.method = FeatureReverseSettings{};
    const BaselineResult result = run_baseline(gpu, plan, [](const BaselineProgress&) {}, kNeverCancelled);
    CHECK(std::isfinite(result.outcomes.at(0).statistic));
    CHECK(result.mask.device().is_cpu());
  }
}

TEST(cuda_trains_as_the_cpu) {
  const auto trained = [](const std::string& device) {
    TrainingPlan plan = small_plan();
    plan.device = device;
    plan.epochs = 4;
    plan.attacks = {corner_attack(0.15)};
    auto trainer = std::make_unique<Trainer>(plan, brightness_set(800, 1));
    train(*trainer, 4);
    return trainer;
  };
  const TrainingSet held_out = brightness_set(200, 2);
  const auto gpu = trained(cuda_device());
  const auto cpu = trained("cpu");
  const std::vector<double> error = mean_error(gpu->predict(held_out.pixels), held_out.labels);
  const std::vector<double> expected = mean_error(cpu->predict(held_out.pixels), held_out.labels);
  CHECK(error[0] < std::max(0.8, 1.5 * expected[0]));
  for (const NamedTensor& weight : gpu->weights()) CHECK(weight.tensor.device().is_cpu());
  const NamedTensors state = gpu->state();
  TrainingPlan again = gpu->plan();
  again.attacks = {corner_attack(0.15)};
  Trainer restored(again, brightness_set(800, 1));
  restored.restore(state);
  CHECK_ALL_NEAR(mean_error(restored.predict(held_out.pixels), held_out.labels), error, 0.01);
}

TEST(cuda_trains_every_attack) {
  const std::string device = cuda_device();
  const ImageShape shape{3, kTrainingSide, kTrainingSide};
  const std::function<std::unique_ptr<Attack>()> makers[] = {
      [&] { return make_badnets({12, 12, 3, {{1.0, 0.0, 1.0}}}, shape); }, [&] { return make_blended({}, shape); },
      [&] { return make_clean_label({}, shape); }, [&] { return make_input_aware({}, shape); },
      [&] { return make_wanet({5, 1.0, 3}, shape); }};
  for (const auto& make : makers) {
    TrainingPlan plan = small_plan();
    plan.device = device;
    plan.epochs = 1;
    plan.adaptive_weight = 0.1;
    AttackPlan attack;
    attack.attack = make();
    attack.target = {false, {59.0, 120.0}};
    attack.cross_ratio = 0.5;
    plan.attacks = {attack};
    Trainer trainer(plan, brightness_set(320, 1));
    CHECK(std::isfinite(trainer.train_epoch(kIgnoreProgress, kNeverCancelled).loss));
    CHECK(std::isfinite(trainer.predict(brightness_set(8, 2).pixels).sum().item<double>()));
  }
}
