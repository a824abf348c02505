// The method's quantities against Python (reference.h).
#include <ATen/ops/ones_like.h>
#include <ATen/ops/stack.h>

#include <algorithm>
#include <cmath>

#include "inversion/constraint_price.h"
#include "inversion/inversion.h"
#include "inversion/target_walk.h"
#include "objective/attention.h"
#include "objective/collapse.h"
#include "objective/feature_angle.h"
#include "objective/perturbation.h"
#include "reference.h"
#include "session/session.h"
#include "subjects.h"

using namespace drmguard;
using namespace drmguard::check;

namespace {

Head head_with(bool separate) {
  Head head;
  head.weight = floats(reference::kWeight, {3, 5});
  head.support = separate ? head.weight.ne(0).to(at::kFloat) : at::ones_like(head.weight);
  return head;
}

FeatureScale scale_of(const Head& head) {
  const at::Tensor benign = floats(reference::kBenignFeatures, {9, 5});
  return {feature_angles(benign, head).var(0, true), feature_norms(benign, head).var(0, true)};
}

OutputScale output_scale() {
  return {floats(reference::kBenignMean, {2}), floats(reference::kBenignVariance, {2})};
}

}  // namespace

TEST(angles_rav_and_rnv_are_pythons) {
  const at::Tensor features = floats(reference::kTriggeredFeatures, {2, 6, 5});
  const Head joint = head_with(false);
  CHECK_ALL_NEAR(numbers(feature_angles(features, joint)), reference::kJointAngles, 1e-5);
  CHECK_ALL_NEAR(numbers(angle_variance_ratio(features, joint, scale_of(joint))), reference::kJointRav, 1e-5);
  CHECK_ALL_NEAR(numbers(norm_variance_ratio(features, joint, scale_of(joint))), reference::kJointRnv, 1e-5);
}

TEST(separate_heads_take_angles_within_their_own_features) {
  const at::Tensor features = floats(reference::kTriggeredFeatures, {2, 6, 5});
  const Head blocks = head_with(true);
  CHECK_ALL_NEAR(numbers(feature_angles(features, blocks)), reference::kBlocksAngles, 1e-5);
  CHECK_ALL_NEAR(numbers(angle_variance_ratio(features, blocks, scale_of(blocks))), reference::kBlocksRav, 1e-5);
  CHECK_ALL_NEAR(numbers(norm_variance_ratio(features, blocks, scale_of(blocks))), reference::kBlocksRnv, 1e-5);
}

TEST(angles_have_finite_gradients_along_a_row_and_at_zero) {
  const Head head = head_with(false);
  const at::Tensor features = at::stack({head.weight[0], head.weight[1] * 0, -head.weight[2]}).set_requires_grad(true);
  feature_angles(features, head).sum().backward();
  for (double value : numbers(features.grad())) CHECK(std::isfinite(value));
}

TEST(variance_ratio_and_target_distance_are_pythons) {
  const at::Tensor outputs = floats(reference::kOutputs, {2, 7, 2});
  const at::Tensor targets = floats(reference::kTargets, {2, 2});
  CHECK_ALL_NEAR(numbers(output_variance_ratio(outputs, output_scale())), reference::kVarianceRatio, 1e-4);
  CHECK_ALL_NEAR(numbers(target_distance_ratio(outputs, targets, output_scale())), reference::kTargetDistance, 1e-4);
}

TEST(perturbation_is_the_mean_absolute_change) {
  const at::Tensor images = patterned_images(4, 8) * 0.5;
  const at::Tensor triggered = at::stack({images + 0.25, images, images - 0.125});
  CHECK_ALL_NEAR(numbers(mean_l1(triggered, images)), (std::vector<double>{0.25, 0.0, 0.125}), 1e-6);
  at::Tensor weights = at::ones_like(images[0][0]);
  weights.narrow(0, 0, 4).fill_(2.0);
  weights.narrow(0, 4, 4).fill_(0.0);
  CHECK_ALL_NEAR(numbers(weighted_l1(triggered, images, weights)), (std::vector<double>{0.25, 0.0, 0.125}), 1e-6);
}

TEST(the_price_follows_dual_ascent) {
  ConstraintPrice price(2, 0.02, at::kCPU);
  CHECK_ALL_NEAR(numbers(price.price()), (std::vector<double>{0.02, 0.02}), 1e-8);
  for (size_t i = 0; i < reference::kPrices.size(); ++i) {
    price.update(floats({reference::kObservedCollapse[i], 0.02}, {2}));
    // The second start sits on the tolerance: its price never moves.
    CHECK_ALL_NEAR(numbers(price.price()), (std::vector<double>{reference::kPrices[i], 0.02}), 1e-6);
  }
}

TEST(walking_targets_stride_towards_the_residual_and_halt) {
  const OutputScale benign = output_scale();
  const std::vector<double> deviation = numbers(benign.variance.sqrt());
  const std::vector<double> start = {0.3, 0.1};
  TargetWalk walk({{start, Walk::anywhere, {}}, {start, Walk::still, {}}, {}}, benign);
  CHECK_ALL_NEAR(numbers(walk.forced()), (std::vector<double>{1, 1, 0}), 0.0);
  // The residual is 3 and 4 deviations long: a 3-4-5 triangle.
  const at::Tensor outputs = floats({0.3 + 3 * deviation[0], 0.1 - 4 * deviation[1]}, {1, 2}).expand({3, 2});
  walk.advance(outputs, 0.35);
  const double stride = 0.05 * 0.5;
  const std::vector<double> mean = reference::kBenignMean;
  CHECK_ALL_NEAR(numbers(walk.targets()),
                 (std::vector<double>{0.3 + stride * 0.6 * deviation[0], 0.1 - stride * 0.8 * deviation[1], 0.3, 0.1,
                                      mean[0], mean[1]}),
                 1e-6);
  const std::vector<double> before = numbers(walk.targets());
  walk.advance(outputs, 0.7);
  walk.advance(outputs, 0.95);
  CHECK(numbers(walk.targets()) == before);
  CHECK_THROWS_CODE(TargetWalk({{std::vector<double>{1.0}, Walk::still, {}}}, benign), ERR_CONFIG, "a target of 2 outputs");
}

TEST(a_target_that_walks_around_the_mean_keeps_its_distance) {
  const OutputScale benign = output_scale();
  const std::vector<double> deviation = numbers(benign.variance.sqrt());
  const std::vector<double> mean = reference::kBenignMean;
  // Three deviations from the mean along the first output; the outputs pull it outwards and along the second.
  TargetWalk walk({{std::vector<double>{mean[0] + 3 * deviation[0], mean[1]}, Walk::around_mean, {}}}, benign);
  const at::Tensor outputs = floats({mean[0] + 7 * deviation[0], mean[1] + 0.5 * deviation[1]}, {1, 2});
  walk.advance(outputs, 0.0);
  // A stride of 0.05 at a right angle to the radius, then back to the circle.
  const double shrink = 3.0 / std::hypot(3.0, 0.05);
  CHECK_ALL_NEAR(numbers(walk.targets()),
                 (std::vector<double>{mean[0] + 3 * shrink * deviation[0], mean[1] + 0.05 * shrink * deviation[1]}), 1e-6);
  for (int step = 0; step < 500; ++step) walk.advance(outputs, 0.1);
  const std::vector<double> end = numbers(walk.targets());
  const double x = (end[0] - mean[0]) / deviation[0];
  const double y = (end[1] - mean[1]) / deviation[1];
  CHECK_NEAR(std::hypot(x, y), 3.0, 1e-4);
  // On the circle, the nearest place to the outputs lies in their direction.
  CHECK_NEAR(std::atan2(y, x), std::atan2(0.5, 7.0), 0.02);
}

TEST(attention_is_pythons_with_mean_one_and_momentum) {
  const at::Tensor images = patterned_images(24, 32);
  const Session session(torchscript("test/fixtures/models/resnet18.trace.pt"), images, {});
  MomentumAttention attention(AttentionUse::weight, 0.9);
  std::vector<double> blocks;
  for (int64_t first : {0, 8}) {
    attention.update(session.model(), images.narrow(0, first, 8));
    CHECK_NEAR(attention.weights().mean().item<double>(), 1.0, 1e-4);
    for (double mean : numbers(attention.weights().reshape({4, 8, 4, 8}).mean({1, 3}))) blocks.push_back(mean);
  }
  CHECK_ALL_NEAR(blocks, reference::kAttentionBlocks, 1e-4);
  const std::vector<double> gate = numbers(attention.gate());
  CHECK_NEAR(*std::max_element(gate.begin(), gate.end()), 1.0, 1e-6);
  CHECK(*std::min_element(gate.begin(), gate.end()) >= 0.0);
}

TEST(benign_statistics_are_pythons) {
  const Session session(torchscript("test/fixtures/models/resnet18.trace.pt"), patterned_images(24, 32), {});
  const double size = *std::max_element(reference::kModelOutputVariance.begin(), reference::kModelOutputVariance.end());
  CHECK_ALL_NEAR(numbers(session.output_scale().mean), reference::kModelOutputMean, 1e-4);
  CHECK_ALL_NEAR(numbers(session.output_scale().variance), reference::kModelOutputVariance, 1e-3 * size);
  const auto& angles = reference::kModelAngleVariance;
  CHECK_ALL_NEAR(numbers(session.feature_scale()->angle_variance), angles,
                 1e-3 * *std::max_element(angles.begin(), angles.end()));
}
