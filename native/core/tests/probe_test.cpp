// The probe sweep on a model whose patch is known.
#include "probe/probe_sweep.h"

#include <ATen/ops/full.h>
#include <ATen/ops/linspace.h>
#include <ATen/ops/zeros.h>

#include <algorithm>

#include "program/program_spec.h"
#include "subjects.h"

using namespace drmguard;
using namespace drmguard::check;

namespace {

SpecArgument value(const std::string& name) { return ValueReference{name}; }

constexpr int64_t kSide = 12;

/// Answers a linear function of the image, except where the 3×3 corner at row 6, column 7 is all white: then it
/// answers exactly (4, −3). In between the answer is blended, from the 26th of the corner's 27 values on.
LoadedModel planted_patch() {
  at::Tensor corner = at::zeros({1, 3, kSide, kSide});
  corner.narrow(2, 6, 3).narrow(3, 7, 3).fill_(1.0);
  const int64_t pixels = 3 * kSide * kSide;
  ProgramSpec spec;
  spec.inputs = {"image"};
  spec.constants = {{"plain", at::linspace(0, 900, 2 * pixels).sin().reshape({2, pixels}) * 0.1},
                    {"corner", corner.reshape({1, pixels})},
                    {"threshold", at::full({1}, -26.0)},
                    {"target", floats({4.0, -3.0}, {2})}};
  spec.nodes = {
      {"aten::flatten.using_ints", {{"self", value("image")}, {"start_dim", c10::IValue(1)}}, {{"flat"}}, false},
      {"aten::linear", {{"input", value("flat")}, {"weight", value("plain")}}, {{"answer"}}, false},
      {"aten::linear",
       {{"input", value("flat")}, {"weight", value("corner")}, {"bias", value("threshold")}},
       {{"excess"}},
       false},
      {"aten::clamp", {{"self", value("excess")}, {"min", c10::IValue(0)}, {"max", c10::IValue(1)}}, {{"seen"}}, false},
      {"aten::sub.Tensor", {{"self", value("target")}, {"other", value("answer")}}, {{"gap"}}, false},
      {"aten::mul.Tensor", {{"self", value("gap")}, {"other", value("seen")}}, {{"move"}}, false},
      {"aten::add.Tensor", {{"self", value("answer")}, {"other", value("move")}}, {{"output"}}, false}};
  spec.outputs = {"output"};
  return load_program_model(spec);
}

}  // namespace

TEST(the_probe_sweep_finds_a_planted_patch) {
  SessionOptions options;
  options.head.output_only = true;
  const Session session(planted_patch(), patterned_images(40, kSide), options);
  std::vector<int64_t> done;
  const CancelFlag never{false};
  const ProbeResult result = probe_sweep(session, {16, {3, 4}, 4, std::nullopt, 1, 1}, [&](int64_t count, int64_t total) {
    done.push_back(count);
    CHECK(count <= total);
  }, never);
  const ProbedPatch& best = result.best.at(0);
  CHECK(best.patch.colour == (std::vector<double>{1, 1, 1}));
  CHECK(best.patch.top <= 6 && best.patch.top + best.patch.size >= 9);
  CHECK(best.patch.left <= 7 && best.patch.left + best.patch.size >= 10);
  CHECK_ALL_NEAR(best.target, (std::vector<double>{4.0, -3.0}), 1e-4);
  CHECK_NEAR(best.reading.variance_ratio, 0.0, 1e-6);
  for (size_t i = 1; i < result.best.size(); ++i) CHECK(result.best[i].reading.variance_ratio > 0.1);
  CHECK(std::is_sorted(done.begin(), done.end()) && done.size() > 1);
  CHECK(result.best.size() <= 4 && result.forward_passes > result.patches_tried);
  CHECK_THROWS_CODE(probe_sweep(session, {16, {13}, 4, std::nullopt, 1, 1}, [](int64_t, int64_t) {}, never), ERR_CONFIG, "fit");
}

TEST(a_probe_sweep_can_be_cancelled) {
  SessionOptions options;
  options.head.output_only = true;
  const Session session(planted_patch(), patterned_images(8, kSide), options);
  CancelFlag cancelled{false};
  int calls = 0;
  const auto cancel = [&](int64_t, int64_t) {
    ++calls;
    cancelled = true;
  };
  CHECK_THROWS_CODE(probe_sweep(session, {4, {2}, 1, std::nullopt, 1, 1}, cancel, cancelled), ERR_CANCELLED, "");
  CHECK(calls == 1);
}
