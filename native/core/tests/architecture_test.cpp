// The trainable architectures against Python torch with equal weights, and as archives that a scan loads.
#include "architecture/architecture.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/equal.h>
#include <caffe2/serialize/in_memory_adapter.h>
#include <torch/csrc/jit/serialization/import.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <sstream>

#include "subjects.h"

using namespace drmguard;
using namespace drmguard::check;

namespace {

constexpr int64_t kImages = 4;

/// A line "parameter NAME SHAPE NUMBER" or "buffer NAME SHAPE NUMBER".
struct Entry {
  std::string name;
  std::string shape;
  double number = 0.0;
};

struct Reference {
  std::vector<double> outputs;
  std::vector<Entry> parameters;
  std::vector<Entry> buffers;
};

Reference read_reference(const std::string& file) {
  const std::vector<uint8_t> bytes = file_bytes("test/fixtures/architectures/" + file + ".txt");
  std::istringstream lines(std::string(bytes.begin(), bytes.end()));
  Reference reference;
  for (std::string text; std::getline(lines, text);) {
    std::istringstream line(text);
    std::string kind;
    line >> kind;
    if (kind == "output") {
      for (double number; line >> number;) reference.outputs.push_back(number);
    } else {
      Entry entry;
      line >> entry.name >> entry.shape >> entry.number;
      (kind == "parameter" ? reference.parameters : reference.buffers).push_back(entry);
    }
  }
  return reference;
}

std::string shape_text(const at::Tensor& tensor) {
  std::string text;
  for (const int64_t size : tensor.sizes()) {
    if (!text.empty()) text += 'x';
    text += std::to_string(size);
  }
  return text;
}

/// The same numbers as pattern of make_architecture_reference.py.
at::Tensor pattern(const std::string& name, at::IntArrayRef shape) {
  constexpr int64_t kModulus = int64_t{1} << 31;
  int64_t start = 0;
  for (size_t i = 0; i < name.size(); ++i) start += static_cast<int64_t>(i + 1) * static_cast<unsigned char>(name[i]);
  const int64_t count = c10::multiply_integers(shape);
  at::Tensor mixed = at::arange(count, at::TensorOptions().dtype(at::kLong)) + 65537 * start;
  for (int round = 0; round < 2; ++round) {
    mixed = (mixed * 1103515245 + 12345).remainder(kModulus);
    mixed = mixed.bitwise_xor(mixed.floor_divide(4096));
  }
  return (mixed.to(at::kDouble) / static_cast<double>(kModulus) - 0.5).reshape(shape);
}

at::Tensor patterned_value(const std::string& name, const at::Tensor& like) {
  const at::Tensor numbers = pattern(name, like.sizes());
  if (name.ends_with("class_token") || name.ends_with("pos_embedding")) return numbers;
  if (like.dim() > 1) {
    return numbers * std::sqrt(24.0 * static_cast<double>(like.size(0)) / static_cast<double>(like.numel()));
  }
  return name.ends_with("running_var") || name.ends_with(".weight") ? 1 + numbers : 0.2 * numbers;
}

at::Tensor tensor_of(const Architecture& architecture, ValueId id) { return *architecture.program.constant(id); }

/// Weights and statistics of the formula.
Architecture patterned(const ArchitectureSpec& spec, at::ScalarType type) {
  Architecture architecture = make_architecture(spec, 0);
  for (const auto& [id, constant] : architecture.program.constants()) {
    at::Tensor tensor = constant;
    tensor.set_data(patterned_value(architecture.program.value_name(id), tensor).to(type));
  }
  return architecture;
}

at::Tensor answer(const Architecture& architecture, const at::Tensor& images) {
  return architecture.program.run(images, {architecture.program.outputs()[0]})[0];
}

void check_names(const Architecture& architecture, const std::vector<ValueId>& ids, const std::vector<Entry>& expected) {
  CHECK(ids.size() == expected.size());
  for (size_t i = 0; i < std::min(ids.size(), expected.size()); ++i) {
    CHECK(architecture.program.value_name(ids[i]) == expected[i].name);
    CHECK(shape_text(tensor_of(architecture, ids[i])) == expected[i].shape);
  }
}

/// Σ tensor · pattern.
double projection(const std::string& name, const at::Tensor& tensor) {
  return (tensor * pattern(name, tensor.sizes())).sum().item<double>();
}

void check_against_torch(const std::string& file, const ArchitectureSpec& spec) {
  const Reference reference = read_reference(file);
  Architecture architecture = patterned(spec, at::kDouble);
  check_names(architecture, architecture.parameters, reference.parameters);
  check_names(architecture, architecture.buffers, reference.buffers);
  const at::Tensor images = patterned_images(kImages, spec.height).to(at::kDouble);
  CHECK_ALL_NEAR(numbers(answer(architecture, images)), reference.outputs, 1e-8);

  for (const ValueId id : architecture.parameters) tensor_of(architecture, id).set_requires_grad(true);
  set_train_mode(architecture.program, true);
  const at::Tensor outputs = answer(architecture, images);
  (outputs * pattern("loss", outputs.sizes())).sum().backward();
  for (const Entry& entry : reference.parameters) {
    const at::Tensor parameter = tensor_of(architecture, architecture.program.find_value(entry.name));
    CHECK(parameter.grad().defined());
    CHECK_NEAR(projection(entry.name, parameter.grad()), entry.number, 1e-8 * (1 + std::abs(entry.number)));
  }
  for (const Entry& entry : reference.buffers) {
    const at::Tensor buffer = tensor_of(architecture, architecture.program.find_value(entry.name));
    CHECK_NEAR(projection(entry.name, buffer), entry.number, 1e-8 * (1 + std::abs(entry.number)));
  }
}

ArchitectureSpec spec_of(const std::string& name, int64_t side, int64_t outputs, const std::string& head = "linear") {
  return {name, head, outputs, 3, side, side};
}

torch::jit::Module unfrozen(const std::string& archive) {
  return torch::jit::load(std::make_shared<caffe2::serialize::MemoryReadAdapter>(
                              archive.data(), static_cast<int64_t>(archive.size())),
                          at::kCPU, /*load_debug_files=*/false);
}

/// Saved and loaded again: as it is, and as a scan reads it, frozen with its batch norms folded.
void check_archive(const ArchitectureSpec& spec, int64_t features) {
  const at::NoGradGuard no_grad;
  const Architecture architecture = patterned(spec, at::kFloat);
  const std::string archive = torchscript_archive(architecture);
  const at::Tensor images = patterned_images(3, spec.height);
  const auto expected = architecture.program.run(images, {architecture.program.outputs()[0], architecture.features});
  const double size = 1 + expected[0].abs().max().item<double>();
  const double feature_size = 1 + expected[1].abs().max().item<double>();

  torch::jit::Module module = unfrozen(archive);
  const at::Tensor same = module.forward({images}).toTensor();
  CHECK_NEAR((same - expected[0]).abs().max().item<double>(), 0.0, 1e-6 * size);
  std::map<std::string, at::Tensor> stored;
  for (const auto& entry : module.named_parameters()) stored.emplace(entry.name, entry.value);
  CHECK(stored.size() == architecture.parameters.size());
  for (const auto& entry : module.named_buffers()) stored.emplace(entry.name, entry.value);
  CHECK(stored.size() == architecture.program.constants().size());
  for (const auto& [id, tensor] : architecture.program.constants()) {
    CHECK(at::equal(stored[architecture.program.value_name(id)], tensor));
  }

  const LoadedModel loaded = load_torchscript_model(reinterpret_cast<const uint8_t*>(archive.data()), archive.size());
  CHECK(loaded.program.has_value());
  const RegressionModel model(loaded, PixelTransform{}, {spec.channels, spec.height, spec.width}, at::kCPU, {});
  CHECK(model.head().has_value() && model.head()->form == "linear" && model.head()->weight.size(1) == features);
  const Prediction prediction = model.predict(images, true);
  // Folding rounds anew; MobileNetV2 in float32 is as far from itself in double precision.
  CHECK_NEAR((prediction.outputs - expected[0]).abs().max().item<double>(), 0.0, 1e-5 * size);
  CHECK_NEAR((prediction.features - expected[1]).abs().max().item<double>(), 0.0, 5e-5 * feature_size);
}

}  // namespace

TEST(resnet18_answers_and_learns_as_in_torch) {
  check_against_torch("resnet18", spec_of("resnet18", 64, 2));
  check_against_torch("resnet18-slim", spec_of("resnet18-slim", 32, 2));
}

TEST(resnet_tiny_answers_and_learns_as_in_torch) {
  check_against_torch("resnet-tiny", spec_of("resnet-tiny", 32, 3));
  check_against_torch("resnet-tiny-mlp", spec_of("resnet-tiny", 32, 3, "mlp"));
}

TEST(vgg11_bn_answers_and_learns_as_in_torch) { check_against_torch("vgg11-bn", spec_of("vgg11-bn", 64, 2)); }

TEST(mobilenet_v2_answers_and_learns_as_in_torch) {
  check_against_torch("mobilenet-v2", spec_of("mobilenet-v2", 64, 1));
  check_against_torch("mobilenet-v2-mlp", spec_of("mobilenet-v2", 64, 1, "mlp"));
}

TEST(vit_small_answers_and_learns_as_in_torch) { check_against_torch("vit-small", spec_of("vit-small", 32, 3)); }

TEST(architectures_come_back_from_their_archive) {
  check_archive(spec_of("resnet18", 64, 2), 512);
  check_archive(spec_of("resnet18-slim", 64, 2), 128);
  check_archive(spec_of("resnet-tiny", 32, 1), 64);
  check_archive(spec_of("resnet-tiny", 32, 3, "mlp"), 64);
  check_archive(spec_of("vgg11-bn", 32, 3), 512);
  check_archive(spec_of("mobilenet-v2", 64, 2), 1280);
  check_archive(spec_of("vit-small", 32, 3), 96);
  check_archive(spec_of("vit-small", 32, 3, "mlp"), 64);
}

TEST(an_archive_depends_on_the_weights_alone) {
  const ArchitectureSpec spec = spec_of("resnet-tiny", 32, 2);
  Architecture architecture = make_architecture(spec, 3);
  const std::string archive = torchscript_archive(architecture);
  CHECK(torchscript_archive(make_architecture(spec, 3)) == archive);
  CHECK(torchscript_archive(make_architecture(spec, 4)) != archive);
  // Training leaves its traces in the program, not in the archive.
  for (const ValueId id : architecture.parameters) tensor_of(architecture, id).set_requires_grad(true);
  set_train_mode(architecture.program, true);
  CHECK(torchscript_archive(architecture) == archive);
  // No folder of the machine that wrote it.
  CHECK(archive.find(DRMGUARD_ROOT) == std::string::npos);
}

TEST(batch_norms_follow_their_batch_only_in_train_mode) {
  const at::NoGradGuard no_grad;
  Architecture architecture = make_architecture(spec_of("resnet-tiny", 32, 2), 1);
  const at::Tensor mean = tensor_of(architecture, architecture.program.find_value("bn1.running_mean"));
  const at::Tensor images = patterned_images(kImages, 32);
  const at::Tensor before = answer(architecture, images);
  CHECK(mean.abs().max().item<double>() == 0.0);

  set_train_mode(architecture.program, true);
  CHECK((answer(architecture, images) - before).abs().max().item<double>() > 1e-3);
  const at::Tensor moved = mean.clone();
  CHECK(moved.abs().max().item<double>() > 1e-3);

  set_train_mode(architecture.program, false);
  const at::Tensor after = answer(architecture, images);
  CHECK((after - before).abs().max().item<double>() > 1e-4);
  CHECK(at::equal(mean, moved));
  // An image's answer does not depend on the images beside it.
  CHECK_NEAR((answer(architecture, images.slice(0, 0, 1)) - after.slice(0, 0, 1)).abs().max().item<double>(), 0, 1e-5);
}

TEST(weights_are_the_seeds) {
  for (const char* name : {"resnet-tiny", "vit-small"}) {
    const ArchitectureSpec spec = spec_of(name, 32, 2);
    const Architecture first = make_architecture(spec, 7);
    const Architecture equal = make_architecture(spec, 7);
    const Architecture other = make_architecture(spec, 8);
    for (const ValueId id : first.parameters) {
      CHECK(at::equal(tensor_of(first, id), tensor_of(equal, id)));
      const bool drawn = tensor_of(first, id).dim() > 1 && first.program.value_name(id) != "class_token";
      CHECK(!drawn || !at::equal(tensor_of(first, id), tensor_of(other, id)));
    }
  }
}

TEST(weights_start_as_published) {
  const Architecture architecture = make_architecture(spec_of("resnet18", 64, 2), 5);
  const auto weight = [&](const char* name) { return tensor_of(architecture, architecture.program.find_value(name)); };
  // √(2 / (512 · 3 · 3)); 2.4 million draws.
  CHECK_NEAR(weight("layer4.1.conv2.weight").std().item<double>(), 0.0208333, 1e-4);
  CHECK_NEAR(weight("layer4.1.conv2.weight").mean().item<double>(), 0.0, 1e-4);
  // Uniform within ±1/√512.
  CHECK(weight("fc.weight").abs().max().item<double>() <= 0.0441942);
  CHECK_NEAR(weight("fc.weight").abs().max().item<double>(), 0.0441942, 1e-3);
}

TEST(architectures_that_cannot_be_built_are_refused) {
  CHECK_THROWS_CODE(make_architecture(spec_of("resnet19", 64, 2), 0), ERR_CONFIG, "'resnet19'");
  CHECK_THROWS_CODE(make_architecture(spec_of("resnet18", 31, 2), 0), ERR_CONFIG, "32×32 pixels or more");
  CHECK_THROWS_CODE(make_architecture(spec_of("vgg11-bn", 16, 2), 0), ERR_CONFIG, "got 16×16");
  CHECK_THROWS_CODE(make_architecture(spec_of("vit-small", 36, 2), 0), ERR_CONFIG, "multiples of 8");
  CHECK_THROWS_CODE(make_architecture(spec_of("resnet-tiny", 32, 0), 0), ERR_CONFIG, "got 0");
  CHECK_THROWS_CODE(make_architecture(spec_of("resnet-tiny", 32, 2, "cubic"), 0), ERR_CONFIG, "'cubic'");
}
