// The same work on a GPU as on the CPU. Convolutions there may round to TF32, and sums come in another order: numbers
// agree to a few hundredths, not to the digit. Skipped where there is no GPU.
#include <algorithm>
#include <cmath>

#include "attack_subjects.h"
#include "baseline/baseline.h"
#include "inversion/inversion.h"
#include "probe/probe_sweep.h"
#include "reference.h"
#include "small_triggers.h"
#include "tensor/device.h"
#include "training_subjects.h"
#include "tuning_subjects.h"

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
      // A network of the trigger's own: its weights amplify rounding from step to step.
      if (family != TriggerFamily::encoder_decoder) {
        CHECK_ALL_NEAR(result.outcomes[0].target, expected.outcomes[0].target, 0.05);
        check_close(result.outcomes[0].cost, expected.outcomes[0].cost, 0.15);
      }
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

TEST(cuda_sweeps_the_same_stripes) {
  WaveSweepPlan plan;
  plan.highest = 6.0;
  const auto ignore = [](int64_t, int64_t) {};
  const WaveSweepResult result = wave_sweep(session_on(cuda_device()), plan, ignore, kNeverCancelled);
  const WaveSweepResult expected = wave_sweep(session_on("cpu"), plan, ignore, kNeverCancelled);
  CHECK(result.waves_tried > 0 && result.waves_tried == expected.waves_tried);
  check_close(result.median_variance_ratio, expected.median_variance_ratio, 0.05);
  check_close(result.best.at(0).reading.variance_ratio, expected.best.at(0).reading.variance_ratio, 0.1);
}

TEST(cuda_finds_planted_small_triggers) {
  // Not step by step with the CPU: where a network's weights are random, rounding decides where a few steps lead.
  const Session square = soft_patch_session(Effect::fixed, cuda_device());
  const InversionResult found =
      collapsed(square, TriggerFamily::patch,
                {outward(square, {grey_square(0, 0, 4), {}}), outward(square, {grey_square(5, 6, 4), {}})}, 0.1);
  CHECK(found.best == 1);
  CHECK(found.outcomes[1].collapse < 0.02);
  CHECK_ALL_NEAR(found.outcomes[1].target, kPlantedTarget, 0.05);
  CHECK(found.triggered_samples.device().is_cpu());
  const Session striped = striped_session(cuda_device());
  const WaveSweepResult sweep = wave_sweep(striped, {8, 2.0, 5.0, 3, 1, 1}, [](int64_t, int64_t) {}, kNeverCancelled);
  CHECK(sweep.best[0].wave.across == 3.0 && sweep.best[0].wave.down == 2.0);
  const InversionResult stripes =
      collapsed(striped, TriggerFamily::wave, {outward(striped, {{}, sweep.best[0].wave})}, 0.02);
  CHECK(stripes.outcomes[0].collapse < 0.02);
  CHECK_ALL_NEAR(stripes.outcomes[0].target, kPlantedTarget, 0.05);
}

TEST(cuda_tunes_as_the_cpu) {
  const TrainingSet set = brightness_set(320, 1);
  const TrainingSet held_out = brightness_set(100, 2);
  const std::string archive = torchscript_archive(subject());
  Tuner gpu = tuner_of(archive, cuda_device());
  Tuner cpu = tuner_of(archive);
  CHECK_ALL_NEAR(numbers(gpu.predict(images_of(held_out))), numbers(cpu.predict(images_of(held_out))), 0.01);
  for (Tuner* tuner : {&gpu, &cpu}) tuner->train(short_plan(), images_of(set), labels_of(set), kNoListener);
  CHECK(error_of(gpu, held_out) < std::max(0.12, 1.5 * error_of(cpu, held_out)));
  for (const NamedTensor& weight : gpu.weights()) CHECK(weight.tensor.device().is_cpu());
  const std::string written = gpu.torchscript_archive();
  CHECK_ALL_NEAR(numbers(tuner_of(written).predict(images_of(held_out))), numbers(gpu.predict(images_of(held_out))), 0.01);
  MaskPlan masks;
  masks.steps = 3;
  masks.batch_size = 32;
  CHECK(gpu.neuron_masks(masks, images_of(set), labels_of(set), kNoListener).device().is_cpu());
  CHECK(gpu.activations(images_of(set)).min().item<double>() >= 0.0);
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
