// Models whose backdoor is known, and felt by gradients: they answer a linear function of the image, the more a fixed target
// instead the more the image looks like a template.
#pragma once

#include <ATen/ops/full.h>
#include <ATen/ops/linspace.h>
#include <ATen/ops/upsample_bilinear2d.h>
#include <ATen/ops/zeros.h>

#include "inversion/inversion.h"
#include "program/program_spec.h"
#include "subjects.h"

namespace drmguard::check {

inline constexpr int64_t kPlantedSide = 12;
inline const std::vector<double> kPlantedTarget = {0.6, -0.5};
/// Longer than what any square does to the linear function.
inline const std::vector<double> kPlantedOffset = {3.0, -2.5};

/// pattern: 1×3×side×side. The target is blended in by sigmoid(⟨image, pattern⟩ + threshold); an offset is added by as much.
inline LoadedModel planted_backdoor(const at::Tensor& pattern, double threshold, Effect effect = Effect::fixed) {
  const auto value = [](const std::string& name) { return SpecArgument{ValueReference{name}}; };
  const int64_t pixels = 3 * kPlantedSide * kPlantedSide;
  ProgramSpec spec;
  spec.inputs = {"image"};
  spec.constants = {{"plain", at::linspace(0, 40, 2 * pixels).sin().reshape({2, pixels}) * 0.05},
                    {"template", pattern.reshape({1, pixels})},
                    {"threshold", at::full({1}, threshold)},
                    {"target", floats(effect == Effect::fixed ? kPlantedTarget : kPlantedOffset, {2})},
                    {"nothing", at::zeros({2})}};
  spec.nodes = {
      {"aten::flatten.using_ints", {{"self", value("image")}, {"start_dim", c10::IValue(1)}}, {{"flat"}}, false},
      {"aten::linear", {{"input", value("flat")}, {"weight", value("plain")}}, {{"answer"}}, false},
      {"aten::linear",
       {{"input", value("flat")}, {"weight", value("template")}, {"bias", value("threshold")}},
       {{"likeness"}},
       false},
      {"aten::sigmoid", {{"self", value("likeness")}}, {{"seen"}}, false},
      {"aten::sub.Tensor", {{"self", value("target")}, {"other", value(effect == Effect::fixed ? "answer" : "nothing")}}, {{"gap"}}, false},
      {"aten::mul.Tensor", {{"self", value("gap")}, {"other", value("seen")}}, {{"move"}}, false},
      {"aten::add.Tensor", {{"self", value("answer")}, {"other", value("move")}}, {{"output"}}, false}};
  spec.outputs = {"output"};
  return load_program_model(spec);
}

/// Smooth, as pictures are: noise of 4×4 enlarged.
inline Session planted_session(const LoadedModel& model, const std::string& device = "cpu") {
  SessionOptions options;
  options.device = device;
  options.head.output_only = true;
  const at::Tensor noise = patterned_images(48, 4);
  return Session(model, 0.2 + 0.4 * at::upsample_bilinear2d(noise, {kPlantedSide, kPlantedSide}, false), options);
}

/// The template is the whiteness of the 3×3 square at row 6, column 7.
inline Session soft_patch_session(Effect effect = Effect::fixed, const std::string& device = "cpu") {
  at::Tensor square = at::zeros({1, 3, kPlantedSide, kPlantedSide});
  square.narrow(2, 6, 3).narrow(3, 7, 3).fill_(0.6);
  return planted_session(planted_backdoor(square, -12.0, effect), device);
}

}  // namespace drmguard::check
