// Mitigation: that a file's own weights are what changes, that they come back to the bit, and that neurons can be switched off.
#include <ATen/core/grad_mode.h>

#include "architecture/architecture.h"
#include "mitigation/tuner.h"
#include "tuning_subjects.h"

using namespace drmguard;
using namespace drmguard::check;

namespace {

bool same_weights(const NamedTensors& left, const NamedTensors& right) {
  if (left.size() != right.size()) return false;
  for (size_t i = 0; i < left.size(); ++i) {
    if (left[i].name != right[i].name || !left[i].tensor.equal(right[i].tensor)) return false;
  }
  return true;
}

}  // namespace

TEST(tuner_takes_the_state_dicts_parameters_and_answers_as_the_file) {
  const Architecture architecture = subject();
  const Tuner tuner = tuner_of(torchscript_archive(architecture));
  const NamedTensors weights = tuner.weights();
  CHECK(weights.size() == architecture.parameters.size());
  for (ValueId id : architecture.parameters) {
    const auto same_name = [&](const NamedTensor& weight) { return weight.name == architecture.program.value_name(id); };
    const auto found = std::find_if(weights.begin(), weights.end(), same_name);
    CHECK(found != weights.end() && found->tensor.equal(*architecture.program.constant(id)));
  }
  const at::Tensor images = images_of(brightness_set(9, 1));
  at::NoGradGuard no_grad;
  CHECK_ALL_NEAR(numbers(tuner.predict(images)), numbers(architecture.program.run(images, architecture.program.outputs())[0]), 1e-5);
}

TEST(tuning_learns_and_the_archive_holds_what_was_learned) {
  const TrainingSet set = brightness_set(320, 1);
  const TrainingSet held_out = brightness_set(100, 2);
  const std::string archive = torchscript_archive(subject());
  Tuner tuner = tuner_of(archive);
  const double before = error_of(tuner, held_out);
  tuner.train(short_plan(), images_of(set), labels_of(set), kNoListener);
  // Answering the mean of uniform labels is off by a quarter.
  CHECK(before > 0.2);
  CHECK(error_of(tuner, held_out) < 0.12);
  const std::string written = tuner.torchscript_archive();
  CHECK(same_weights(tuner_of(written).weights(), tuner.weights()));
  const auto loaded = load_torchscript_model(reinterpret_cast<const uint8_t*>(written.data()), written.size());
  const at::Tensor images = images_of(held_out);
  at::NoGradGuard no_grad;
  CHECK_ALL_NEAR(numbers(loaded.program->run(images, loaded.program->outputs())[0]), numbers(tuner.predict(images)), 1e-4);
}

TEST(tuning_is_the_same_for_the_same_seed_and_can_be_taken_back) {
  const TrainingSet set = brightness_set(64, 1);
  const std::string archive = torchscript_archive(subject());
  TuningPlan plan = short_plan();
  plan.steps = 5;
  Tuner one = tuner_of(archive);
  Tuner other = tuner_of(archive);
  const NamedTensors start = one.weights();
  one.train(plan, images_of(set), labels_of(set), kNoListener);
  other.train(plan, images_of(set), labels_of(set), kNoListener);
  CHECK(same_weights(one.weights(), other.weights()));
  CHECK(!same_weights(one.weights(), start));
  one.restore(start);
  CHECK(same_weights(one.weights(), start));
  CHECK_THROWS_CODE(one.restore({}), ERR_CONFIG, "weights of this model");
}

TEST(a_snapshot_keeps_what_it_was_taken_of) {
  const TrainingSet set = brightness_set(64, 1);
  Tuner tuner = tuner_of(torchscript_archive(subject()));
  const at::Tensor images = images_of(set);
  const std::vector<double> before = numbers(tuner.predict(images));
  const LoadedModel snapshot = tuner.snapshot();
  tuner.train(short_plan(), images, labels_of(set), kNoListener);
  at::NoGradGuard no_grad;
  CHECK_ALL_NEAR(numbers(snapshot.program->run(images, snapshot.program->outputs())[0]), before, 1e-6);
}

TEST(neurons_are_those_of_the_batch_norms_and_can_be_switched_off) {
  const Architecture architecture = subject();
  Tuner tuner = tuner_of(torchscript_archive(architecture));
  int64_t batch_norms = 0;
  for (const Node& node : architecture.program.nodes()) batch_norms += node.name == "aten::batch_norm";
  CHECK(static_cast<int64_t>(tuner.neuron_groups().size()) == batch_norms);
  const at::Tensor images = images_of(brightness_set(20, 1));
  const at::Tensor before = tuner.activations(images);
  at::Tensor factors = at::ones_like(before);
  factors[3] = 0.0;
  tuner.scale_neurons(factors);
  const at::Tensor after = tuner.activations(images);
  CHECK(before[3].item<double>() > 0.0);
  CHECK_NEAR(after[3].item<double>(), 0.0, 0.0);
  // Of the first layer, nothing else changes.
  CHECK_NEAR(after[2].item<double>(), before[2].item<double>(), 1e-7);
}

TEST(activations_are_means_of_what_is_positive) {
  const Architecture architecture = subject();
  const Tuner tuner = tuner_of(torchscript_archive(architecture));
  const at::Tensor images = images_of(brightness_set(70, 1));
  at::NoGradGuard no_grad;
  const auto first = std::find_if(architecture.program.nodes().begin(), architecture.program.nodes().end(),
                                  [](const Node& node) { return node.name == "aten::batch_norm"; });
  const at::Tensor output = architecture.program.run(images, {first->results[0][0]})[0];
  const std::vector<double> expected = numbers(output.clamp_min(0.0).mean(at::IntArrayRef{0, 2, 3}));
  const std::vector<double> actual = numbers(tuner.activations(images).slice(0, 0, static_cast<int64_t>(expected.size())));
  CHECK_ALL_NEAR(actual, expected, 1e-5);
}

TEST(neuron_masks_leave_the_weights_alone) {
  const TrainingSet set = brightness_set(64, 1);
  const Tuner tuner = tuner_of(torchscript_archive(subject()));
  const NamedTensors before = tuner.weights();
  MaskPlan plan;
  plan.steps = 5;
  plan.batch_size = 16;
  plan.seed = 2;
  const at::Tensor masks = tuner.neuron_masks(plan, images_of(set), labels_of(set), kNoListener);
  int64_t neurons = 0;
  for (int64_t channels : tuner.neuron_groups()) neurons += channels;
  CHECK(masks.numel() == neurons);
  CHECK(masks.min().item<double>() >= 0.0 && masks.max().item<double>() <= 1.0);
  CHECK(masks.min().item<double>() < masks.max().item<double>());
  CHECK(same_weights(tuner.weights(), before));
  CHECK(masks.equal(tuner.neuron_masks(plan, images_of(set), labels_of(set), kNoListener)));
}

TEST(tuning_refuses_what_does_not_fit) {
  const TrainingSet set = brightness_set(16, 1);
  Tuner tuner = tuner_of(torchscript_archive(subject()));
  const at::Tensor images = images_of(set);
  CHECK_THROWS_CODE(tuner.train(short_plan(), images.slice(2, 0, 8), labels_of(set), kNoListener), ERR_CONFIG, "images of the model's size");
  CHECK_THROWS_CODE(tuner.train(short_plan(), images, labels_of(set).slice(1, 0, 1), kNoListener), ERR_CONFIG, "one row of labels");
  CHECK_THROWS_CODE(tuner.scale_neurons(at::ones({2})), ERR_CONFIG, "one factor per neuron");
  const CancelFlag cancelled{true};
  CHECK_THROWS_CODE(tuner.train(short_plan(), images, labels_of(set), kNoListener, cancelled), ERR_CANCELLED, "");
}
