// Times the core without Node: drmguard_bench MODEL.pt [--device cpu] [--threads 1] [--size 64] [--images 128]
// [--steps 50] [--starts 4] [--family additive|warp|encoder]. Random images; prints medians over five repeats.
#include <ATen/TensorOperators.h>
#include <ATen/ops/rand.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <vector>

#include "error/error.h"
#include "inversion/inversion.h"
#include "tensor/device.h"
#include "tensor/random.h"

namespace {

using namespace drmguard;

struct Arguments {
  std::string model;
  std::map<std::string, std::string> options = {{"device", "cpu"}, {"threads", "1"}, {"size", "64"}, {"images", "128"},
                                                {"steps", "50"},   {"starts", "4"},  {"family", "additive"}};
  int64_t integer(const std::string& name) const { return std::stoll(options.at(name)); }
};

Arguments parse(int count, char** values) {
  Arguments arguments;
  for (int i = 1; i < count; ++i) {
    const std::string word = values[i];
    if (word.rfind("--", 0) != 0) {
      arguments.model = word;
    } else if (i + 1 < count && arguments.options.count(word.substr(2)) != 0) {
      arguments.options[word.substr(2)] = values[++i];
    } else {
      throw Error(ErrorCode::ERR_USAGE, "unknown or incomplete option " + word);
    }
  }
  if (arguments.model.empty()) throw Error(ErrorCode::ERR_USAGE, "expected the path of a TorchScript model");
  return arguments;
}

std::vector<uint8_t> read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw Error(ErrorCode::ERR_FILE_NOT_FOUND, "cannot read " + path);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

TriggerFamily family_named(const std::string& name) {
  if (name == "additive") return TriggerFamily::additive_pattern;
  if (name == "warp") return TriggerFamily::smooth_warp;
  if (name == "encoder") return TriggerFamily::encoder_decoder;
  throw Error(ErrorCode::ERR_USAGE, "expected the family additive, warp or encoder, got " + name);
}

double median_milliseconds(const std::function<void()>& work) {
  std::vector<double> times;
  for (int repeat = 0; repeat < 5; ++repeat) {
    const auto start = std::chrono::steady_clock::now();
    work();
    times.push_back(std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count());
  }
  std::sort(times.begin(), times.end());
  return times[2];
}

void run(const Arguments& arguments) {
  const std::vector<uint8_t> bytes = read_file(arguments.model);
  const LoadedModel loaded = load_torchscript_model(bytes.data(), bytes.size());
  at::Generator generator = make_generator(1);
  const int64_t size = arguments.integer("size");
  const at::Tensor images = at::rand({arguments.integer("images"), 3, size, size}, generator);
  SessionOptions options;
  options.device = arguments.options.at("device");
  options.threads = static_cast<int>(arguments.integer("threads"));
  options.head.output_only = true;
  const Session session(loaded, images, options);

  const double forward = median_milliseconds([&] { session.predict_all(session.images(), false, kNeverCancelled).outputs.cpu(); });
  InversionPlan plan;
  plan.family = family_named(arguments.options.at("family"));
  plan.objective = ConstrainedObjective{};
  plan.starts.resize(static_cast<size_t>(arguments.integer("starts")));
  plan.steps = arguments.integer("steps");
  plan.threads = options.threads;
  const double inversion = median_milliseconds([&] { invert(session, plan, [](const InversionProgress&) {}, kNeverCancelled); });
  std::printf("device %s, threads %d, cpu %s, execution %s\n", options.device.c_str(), options.threads,
              cpu_capability().c_str(), loaded.program ? "program" : "torchscript");
  std::printf("forward          %8.3f ms/image\n", forward / static_cast<double>(images.size(0)));
  std::printf("inversion step   %8.3f ms (%zu starts, batch %lld)\n", inversion / static_cast<double>(plan.steps),
              plan.starts.size(), static_cast<long long>(plan.batch_size));
}

}  // namespace

int main(int count, char** values) {
  try {
    run(parse(count, values));
    return 0;
  } catch (...) {
    const Error error = current_exception_as_error(ErrorCode::ERR_INTERNAL, "");
    std::fprintf(stderr, "drmguard_bench: %s: %s\n", error_code_name(error.code()), error.what());
    return 1;
  }
}
