#include "plan_reader.h"

#include "error/error.h"
#include "values.h"

namespace drmguard::binding {
namespace {

AttentionUse attention_of(const Napi::Object& objective) {
  const std::string use = text_of(objective, "attention");
  if (use == "none") return AttentionUse::none;
  if (use == "weight") return AttentionUse::weight;
  if (use == "gate") return AttentionUse::gate;
  unknown_value("attention", use);
}

Effect effect_of(const Napi::Object& objective) {
  const std::string effect = text_of(objective, "effect");
  if (effect == "fixed") return Effect::fixed;
  if (effect == "offset") return Effect::offset;
  unknown_value("effect", effect);
}

std::variant<ConstrainedObjective, PaperObjective, CollapseObjective> read_objective(const Napi::Object& objective) {
  const std::string kind = text_of(objective, "kind");
  if (kind == "constrained") return ConstrainedObjective{number_of(objective, "tolerance")};
  if (kind == "collapse") return CollapseObjective{number_of(objective, "tolerance"), effect_of(objective)};
  if (kind != "paper") unknown_value("objective", kind);
  const std::string place = text_of(objective, "lambda1On");
  if (place != "variance" && place != "perturbation") unknown_value("lambda1On", place);
  return PaperObjective{number_of(objective, "lambda1"),
                        number_of(objective, "lambda2"),
                        place == "variance",
                        number_of(objective, "outputScale"),
                        attention_of(objective),
                        number_of(objective, "momentum")};
}

Patch read_patch(const Napi::Object& patch) {
  return {integer_of(patch, "top"), integer_of(patch, "left"), integer_of(patch, "size"), numbers_of(patch, "colour")};
}

Wave read_wave(const Napi::Object& wave) {
  return {number_of(wave, "across"), number_of(wave, "down"), number_of(wave, "phase")};
}

Walk walk_of(const Napi::Object& start) {
  const std::string walk = text_of(start, "walk");
  if (walk == "still") return Walk::still;
  if (walk == "anywhere") return Walk::anywhere;
  if (walk == "around-mean") return Walk::around_mean;
  if (walk == "outward") return Walk::outward;
  unknown_value("walk", walk);
}

TriggerFamily family_of(const Napi::Object& plan) {
  const std::string family = text_of(plan, "family");
  if (family == "additive-pattern") return TriggerFamily::additive_pattern;
  if (family == "smooth-warp") return TriggerFamily::smooth_warp;
  if (family == "encoder-decoder") return TriggerFamily::encoder_decoder;
  if (family == "patch") return TriggerFamily::patch;
  if (family == "wave") return TriggerFamily::wave;
  unknown_value("family", family);
}

InversionStart read_start(const Napi::Object& start) {
  InversionStart result;
  if (!start.Get("target").IsNull()) result.target = numbers_of(start, "target");
  result.walk = walk_of(start);
  if (!start.Get("patch").IsNull()) result.trigger.patch = read_patch(object_of(start, "patch"));
  if (!start.Get("wave").IsNull()) result.trigger.wave = read_wave(object_of(start, "wave"));
  if (!start.Get("content").IsNull()) {
    if (!result.trigger.patch) throw Error(ErrorCode::ERR_CONFIG, "expected content for a patch alone");
    const auto channels = static_cast<int64_t>(result.trigger.patch->colour.size());
    const int64_t side = result.trigger.patch->size;
    if (side < 1 || side > 100'000) throw Error(ErrorCode::ERR_CONFIG, "expected a patch of 1 to 100000 pixels a side");
    result.trigger.content = floats_of(start, "content", {channels, side, side});
  }
  result.reference = number_of(start, "reference");
  return result;
}

}  // namespace

uint64_t seed_of(const Napi::Object& plan) {
  const int64_t seed = integer_of(plan, "seed");
  if (seed < 0) throw Error(ErrorCode::ERR_CONFIG, "expected a seed of 0 or more, got " + std::to_string(seed));
  return static_cast<uint64_t>(seed);
}

int threads_of(const Napi::Object& plan) {
  const int64_t threads = integer_of(plan, "threads");
  if (threads < 1 || threads > 4096) throw Error(ErrorCode::ERR_CONFIG, "expected 1 to 4096 threads");
  return static_cast<int>(threads);
}

PixelTransform read_pixels(const Napi::Object& pixels) {
  const std::string order = text_of(pixels, "channelOrder");
  if (order != "rgb" && order != "bgr") unknown_value("channelOrder", order);
  return {order == "bgr", number_of(pixels, "scale"), numbers_of(pixels, "mean"), numbers_of(pixels, "deviation")};
}

SessionOptions read_session_options(const Napi::Object& options) {
  return {text_of(options, "device"),
          threads_of(options),
          read_pixels(object_of(options, "pixels")),
          {optional_text_of(options, "featureValue"), boolean_of(options, "outputOnly")}};
}

std::vector<int64_t> read_image_shape(const Napi::Object& options) {
  return {integer_of(options, "count"), integer_of(options, "channels"), integer_of(options, "height"),
          integer_of(options, "width")};
}

ProbePlan read_probe_plan(const Napi::Object& plan) {
  const int64_t keep = integer_of(plan, "keep");
  if (keep < 1 || keep > 1000) throw Error(ErrorCode::ERR_CONFIG, "expected to keep 1 to 1000 patches");
  const bool offset = !plan.Get("leastOffset").IsNull();
  return {integer_of(plan, "images"),
          integers_of(plan, "sizes"),
          static_cast<size_t>(keep),
          offset ? std::optional<double>(number_of(plan, "leastOffset")) : std::nullopt,
          seed_of(plan),
          threads_of(plan)};
}

InnocentContentPlan read_innocent_content_plan(const Napi::Object& plan) {
  const Napi::Array list = array_of(plan, "squares");
  if (list.Length() > 100'000) throw Error(ErrorCode::ERR_CONFIG, "expected at most 100000 squares");
  InnocentContentPlan result;
  for (uint32_t i = 0; i < list.Length(); ++i) {
    const Napi::Value square = list.Get(i);
    if (!square.IsObject()) throw Error(ErrorCode::ERR_CONFIG, "expected objects as squares");
    const Napi::Object object = square.As<Napi::Object>();
    result.squares.push_back({integer_of(object, "top"), integer_of(object, "left"), integer_of(object, "size"), {}});
  }
  result.donors = integer_of(plan, "donors");
  result.images = integer_of(plan, "images");
  result.seed = seed_of(plan);
  result.threads = threads_of(plan);
  return result;
}

WaveSweepPlan read_wave_sweep_plan(const Napi::Object& plan) {
  const int64_t keep = integer_of(plan, "keep");
  if (keep < 1 || keep > 1000) throw Error(ErrorCode::ERR_CONFIG, "expected to keep 1 to 1000 waves");
  return {integer_of(plan, "images"), number_of(plan, "lowest"), number_of(plan, "highest"), static_cast<size_t>(keep),
          seed_of(plan), threads_of(plan)};
}

InversionPlan read_inversion_plan(const Napi::Object& plan, at::IntArrayRef images) {
  InversionPlan result;
  result.family = family_of(plan);
  result.objective = read_objective(object_of(plan, "objective"));
  const Napi::Array starts = array_of(plan, "starts");
  for (uint32_t i = 0; i < starts.Length(); ++i) {
    const Napi::Value start = starts.Get(i);
    if (!start.IsObject()) throw Error(ErrorCode::ERR_CONFIG, "expected objects as starts");
    result.starts.push_back(read_start(start.As<Napi::Object>()));
  }
  result.steps = integer_of(plan, "steps");
  result.batch_size = integer_of(plan, "batchSize");
  result.learning_rate = number_of(plan, "learningRate");
  result.outcome_images = integer_of(plan, "outcomeImages");
  result.hopeless_collapse = number_of(plan, "hopelessCollapse");
  result.held_out = integer_of(plan, "heldOut");
  if (const int64_t others = integer_of(plan, "otherCount"); others != 0) {
    if (others < 0 || others > 10'000) throw Error(ErrorCode::ERR_CONFIG, "expected 0 to 10000 other images");
    result.others = floats_of(plan, "others", {others, images[1], images[2], images[3]});
  }
  result.seed = seed_of(plan);
  result.threads = threads_of(plan);
  result.seconds = number_of(plan, "seconds");
  result.samples = integers_of(plan, "samples");
  return result;
}

}  // namespace drmguard::binding
