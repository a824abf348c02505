// Programs: the split into features and head, the allow-list, and what is refused before it runs.
#include <ATen/ops/full.h>
#include <ATen/ops/linspace.h>
#include <ATen/ops/matmul.h>

#include "program/allowed_operators.h"
#include "program/program_spec.h"
#include "program/screen_archive.h"
#include "subjects.h"

using namespace drmguard;
using namespace drmguard::check;

namespace {

constexpr int64_t kSide = 4;
constexpr int64_t kPixels = 3 * kSide * kSide;

NodeSpec call(const std::string& name, std::vector<std::pair<std::string, SpecArgument>> arguments,
              const std::string& output) {
  return {name, std::move(arguments), {{output}}, false};
}

SpecArgument value(const std::string& name) { return ValueReference{name}; }

/// image → flat → hidden (linear) → bent (relu) → layer (linear, 2 outputs) → what `tail` makes of it.
LoadedModel two_layers(std::vector<NodeSpec> tail, const std::string& output) {
  ProgramSpec spec;
  spec.inputs = {"image"};
  spec.constants = {{"w1", at::linspace(-1, 1, 6 * kPixels).mul(7).sin().reshape({6, kPixels})},
                    {"w2", floats({1, 2, 3, 4, 5, 6, -6, 5, -4, 3, -2, 1}, {2, 6})},
                    {"b2", floats({0.5, -0.25}, {2})},
                    {"two", at::full({1}, 2.0)}};
  spec.nodes = {call("aten::flatten.using_ints", {{"self", value("image")}, {"start_dim", c10::IValue(1)}}, "flat"),
                call("aten::linear", {{"input", value("flat")}, {"weight", value("w1")}}, "hidden"),
                call("aten::relu", {{"self", value("hidden")}}, "bent"),
                call("aten::linear", {{"input", value("bent")}, {"weight", value("w2")}, {"bias", value("b2")}},
                     "layer")};
  spec.nodes.insert(spec.nodes.end(), tail.begin(), tail.end());
  spec.outputs = {output};
  return load_program_model(spec);
}

RegressionModel small_model(const LoadedModel& loaded, const HeadOptions& options = {}) {
  return RegressionModel(loaded, PixelTransform{}, {3, kSide, kSide}, at::kCPU, options);
}

/// outputs − F·Wᵀ must be one and the same vector b for every image.
void check_linear_head(const std::string& file, int64_t features, int blocks, const std::string& form) {
  const RegressionModel model(torchscript("test/fixtures/models/" + file), PixelTransform{}, {3, 32, 32}, at::kCPU, {});
  const Prediction prediction = model.predict(patterned_images(12, 32), true);
  const Head& head = *model.head();
  CHECK(head.weight.sizes() == at::IntArrayRef({model.outputs(), features}));
  CHECK(head.blocks == blocks);
  CHECK(head.form == form);
  const at::Tensor bias = prediction.outputs - at::matmul(prediction.features, head.weight.t());
  const double size = prediction.outputs.abs().max().item<double>();
  CHECK_NEAR((bias - bias[0]).abs().max().item<double>(), 0.0, 1e-4 * size);
  // The features carry the output: a head of zeros would pass the line above on a constant model only.
  CHECK((prediction.outputs - prediction.outputs[0]).abs().max().item<double>() > 1e-3 * size);
}

void screen(const std::string& file) {
  const std::vector<uint8_t> bytes = file_bytes("test/fixtures/models/hostile/" + file);
  screen_archive(bytes.data(), bytes.size());
}

}  // namespace

TEST(outputs_are_features_times_head_plus_bias) {
  check_linear_head("resnet18.trace.pt", 64, 1, "linear");
  check_linear_head("resnet18.script.pt", 64, 1, "linear");
  check_linear_head("matmul_head.trace.pt", 16, 1, "matmul+add");
  check_linear_head("scaled_output.trace.pt", 16, 1, "linear");
}

TEST(concatenated_heads_are_one_block_diagonal_head) {
  check_linear_head("three_heads.trace.pt", 36, 3, "linear");
  const RegressionModel model(torchscript("test/fixtures/models/three_heads.trace.pt"), PixelTransform{}, {3, 32, 32},
                              at::kCPU, {});
  const Head& head = *model.head();
  CHECK(head.features.size() == 3);
  // Every feature belongs to one head only; each of the three heads has one row or more.
  CHECK_NEAR((head.support.gt(0).sum(0).gt(0)).sum().item<double>(), 36.0, 0.0);
  CHECK_NEAR(head.support.matmul(head.support.t()).gt(0).sum().item<double>(), 3.0, 0.0);
  CHECK_NEAR((head.weight * (1 - head.support)).abs().max().item<double>(), 0.0, 0.0);
}

TEST(a_head_includes_the_scaling_behind_it) {
  const LoadedModel loaded = two_layers(
      {call("aten::mul.Tensor", {{"self", value("layer")}, {"other", value("two")}}, "scaled")}, "scaled");
  const RegressionModel model = small_model(loaded);
  CHECK(model.head()->feature_name == "bent");
  CHECK_ALL_NEAR(numbers(model.head()->weight), (std::vector<double>{2, 4, 6, 8, 10, 12, -12, 10, -8, 6, -4, 2}), 1e-4);
}

TEST(a_user_may_name_the_features) {
  const LoadedModel loaded = two_layers({}, "layer");
  const RegressionModel named = small_model(loaded, {"bent", false});
  CHECK(named.head()->form == "named");
  CHECK_ALL_NEAR(numbers(named.head()->weight), (std::vector<double>{1, 2, 3, 4, 5, 6, -6, 5, -4, 3, -2, 1}), 1e-4);
  CHECK_THROWS_CODE(small_model(loaded, {"nothing", false}), ERR_HEAD_NOT_FOUND, "no value named 'nothing'");
  // Between `hidden` and the output there is a bend.
  CHECK_THROWS_CODE(small_model(loaded, {"hidden", false}), ERR_HEAD_NOT_FOUND, "not linear");
}

TEST(a_tail_that_is_not_linear_has_no_head) {
  const LoadedModel bent = two_layers({call("aten::tanh", {{"self", value("layer")}}, "end")}, "end");
  CHECK_THROWS_CODE(small_model(bent), ERR_HEAD_NOT_FOUND, "aten::tanh");
  const LoadedModel product = two_layers(
      {call("aten::mul.Tensor", {{"self", value("layer")}, {"other", value("layer")}}, "end")}, "end");
  CHECK_THROWS_CODE(small_model(product), ERR_HEAD_NOT_FOUND, "two computed values");
  const RegressionModel without = small_model(bent, {"", true});
  CHECK(!without.head() && without.head_reason().find("aten::tanh") != std::string::npos);
  CHECK(!without.predict(patterned_images(2, kSide), true).features.defined());
}

TEST(a_program_with_faults_is_refused) {
  CHECK_THROWS_CODE(two_layers({}, "nowhere"), ERR_MODEL_FORMAT, "'nowhere'");
  CHECK_THROWS_CODE(two_layers({call("aten::relu", {{"self", value("layer")}}, "flat")}, "flat"), ERR_MODEL_FORMAT,
                    "twice");
  CHECK_THROWS_CODE(two_layers({call("aten::relu", {}, "end")}, "end"), ERR_MODEL_FORMAT, "'self'");
  const NodeSpec surplus = call("aten::relu", {{"self", value("layer")}, {"size", c10::IValue(1)}}, "end");
  CHECK_THROWS_CODE(two_layers({surplus}, "end"), ERR_MODEL_FORMAT, "does not have");
  CHECK_THROWS_CODE(two_layers({call("aten::save", {{"self", value("layer")}}, "end")}, "end"), ERR_MODEL_UNSAFE,
                    "aten::save");
}

TEST(only_known_operators_may_run) {
  require_allowed("aten::conv2d");
  require_allowed("aten::linear");
  require_allowed("scalar::mul");
  for (const char* name : {"aten::save", "aten::from_file", "prim::PythonOp", "prim::fork", "prim::rpc_async"}) {
    CHECK_THROWS_CODE(require_allowed(name), ERR_MODEL_UNSAFE, name);
  }
  for (const char* name : {"aten::no_such_operator", "mine::conv2d", "conv2d", "", "aten::", "aten::conv2d2"}) {
    CHECK_THROWS_CODE(require_allowed(name), ERR_MODEL_UNSUPPORTED, name);
  }
}

TEST(hostile_archives_are_screened_out_unparsed) {
  CHECK_THROWS_CODE(screen("calls_save.pt"), ERR_MODEL_UNSAFE, "aten::save");
  CHECK_THROWS_CODE(screen("calls_from_file.pt"), ERR_MODEL_UNSAFE, "aten::from_file");
  CHECK_THROWS_CODE(screen("saves_on_load.pt"), ERR_MODEL_UNSAFE, "__setstate__");
  CHECK_THROWS_CODE(screen("python_op.pt"), ERR_MODEL_UNSAFE, "prim::PythonOp");
  CHECK_THROWS_CODE(screen("truncated.pt"), ERR_MODEL_TRUNCATED, "");
  CHECK_THROWS_CODE(screen("bare.pkl"), ERR_MODEL_TRUNCATED, "");
  CHECK_THROWS_CODE(screen("empty.pt"), ERR_MODEL_TRUNCATED, "");
  CHECK_THROWS_CODE(screen("state_dict.pt"), ERR_MODEL_FORMAT, "none of them is code");
  const std::vector<uint8_t> honest = file_bytes("test/fixtures/models/resnet18.trace.pt");
  screen_archive(honest.data(), honest.size());
}

TEST(an_archive_cut_anywhere_is_refused) {
  std::vector<uint8_t> bytes = file_bytes("test/fixtures/models/matmul_head.trace.pt");
  for (size_t part = 0; part < 16; ++part) {
    CHECK_THROWS_CODE(screen_archive(bytes.data(), bytes.size() * part / 16), ERR_MODEL_TRUNCATED, "");
  }
}

TEST(unusable_models_are_refused) {
  CHECK_THROWS_CODE(torchscript("test/fixtures/models/hostile/nan_weights.pt"), ERR_MODEL_NONFINITE, "");
  const LoadedModel map = torchscript("test/fixtures/models/hostile/map_output.pt");
  CHECK_THROWS_CODE(RegressionModel(map, PixelTransform{}, {3, 16, 16}, at::kCPU, {"", true}), ERR_MODEL_NOT_REGRESSION,
                    "2×d");
  const LoadedModel honest = torchscript("test/fixtures/models/resnet18.trace.pt");
  CHECK_THROWS_CODE(RegressionModel(honest, PixelTransform{}, {4, 32, 32}, at::kCPU, {}), ERR_MODEL_INPUT, "4×32×32");
}
