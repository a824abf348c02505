#include "training_reader.h"

#include "error/error.h"
#include "plan_reader.h"
#include "values.h"

namespace drmguard::binding {
namespace {

std::unique_ptr<Attack> read_trigger(const Napi::Object& trigger, const ImageShape& shape) {
  const std::string kind = text_of(trigger, "kind");
  if (kind == "badnets") {
    return make_badnets({integer_of(trigger, "top"), integer_of(trigger, "left"), integer_of(trigger, "size"),
                         number_rows_of(trigger, "colours")},
                        shape);
  }
  const uint64_t seed = seed_of(trigger);
  if (kind == "blended") return make_blended({number_of(trigger, "alpha"), integer_of(trigger, "grid"), seed}, shape);
  if (kind == "wanet") return make_wanet({integer_of(trigger, "grid"), number_of(trigger, "strength"), seed}, shape);
  if (kind == "input-aware") {
    InputAwareSpec spec;
    spec.diversity = number_of(trigger, "diversity");
    spec.density = number_of(trigger, "density");
    spec.norm = number_of(trigger, "norm");
    spec.seed = seed;
    return make_input_aware(spec, shape);
  }
  if (kind != "clean-label") unknown_value("trigger", kind);
  CleanLabelSpec spec;
  spec.amplitude = number_of(trigger, "amplitude");
  spec.frequency = number_of(trigger, "frequency");
  spec.concealment = number_of(trigger, "concealment");
  spec.seed = seed;
  return make_clean_label(spec, shape);
}

TrainingOptimiser optimiser_of(const Napi::Object& plan) {
  const std::string optimiser = text_of(plan, "optimiser");
  if (optimiser == "adam") return TrainingOptimiser::adam;
  if (optimiser == "adamw") return TrainingOptimiser::adamw;
  unknown_value("optimiser", optimiser);
}

}  // namespace

TrainingLoss loss_of(const Napi::Object& plan) {
  const std::string loss = text_of(plan, "loss");
  if (loss == "l1") return TrainingLoss::l1;
  if (loss == "mse") return TrainingLoss::mse;
  unknown_value("loss", loss);
}

ImageShape read_shape(const Napi::Object& shape) {
  const ImageShape result{integer_of(shape, "channels"), integer_of(shape, "height"), integer_of(shape, "width")};
  for (int64_t extent : {result.channels, result.height, result.width}) {
    if (extent < 1 || extent > 4096) throw Error(ErrorCode::ERR_CONFIG, "expected images of 1 to 4096 pixels a side");
  }
  return result;
}

ArchitectureSpec read_architecture(const Napi::Object& spec) {
  const ImageShape shape = read_shape(spec);
  const int64_t outputs = integer_of(spec, "outputs");
  if (outputs < 1 || outputs > 100'000) throw Error(ErrorCode::ERR_CONFIG, "expected 1 to 100000 outputs");
  return {text_of(spec, "name"), text_of(spec, "head"), outputs, shape.channels, shape.height, shape.width};
}

AttackPlan read_attack(const Napi::Object& attack, const ImageShape& shape) {
  AttackPlan plan;
  plan.attack = read_trigger(object_of(attack, "trigger"), shape);
  const Napi::Object target = object_of(attack, "target");
  const std::string kind = text_of(target, "kind");
  if (kind != "fixed" && kind != "offset") unknown_value("target", kind);
  plan.target = {kind == "offset", numbers_of(target, "value")};
  plan.rate = number_of(attack, "rate");
  plan.cross_ratio = number_of(attack, "crossRatio");
  return plan;
}

TrainingPlan read_training_plan(const Napi::Object& plan) {
  TrainingPlan result;
  result.architecture = read_architecture(object_of(plan, "architecture"));
  const ImageShape shape = read_shape(object_of(plan, "architecture"));
  const Napi::Array attacks = array_of(plan, "attacks");
  for (uint32_t i = 0; i < attacks.Length(); ++i) {
    const Napi::Value attack = attacks.Get(i);
    if (!attack.IsObject()) throw Error(ErrorCode::ERR_CONFIG, "expected objects as attacks");
    result.attacks.push_back(read_attack(attack.As<Napi::Object>(), shape));
  }
  result.adaptive_weight = number_of(plan, "adaptiveWeight");
  result.loss = loss_of(plan);
  result.optimiser = optimiser_of(plan);
  result.learning_rate = number_of(plan, "learningRate");
  result.weight_decay = number_of(plan, "weightDecay");
  result.epochs = integer_of(plan, "epochs");
  result.batch_size = integer_of(plan, "batchSize");
  if (!plan.Get("mirror").IsNull()) result.mirror = numbers_of(plan, "mirror");
  result.seed = seed_of(plan);
  result.device = text_of(plan, "device");
  result.threads = threads_of(plan);
  return result;
}

}  // namespace drmguard::binding
