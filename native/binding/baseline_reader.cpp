#include "baseline_reader.h"

#include "error/error.h"
#include "plan_reader.h"
#include "result_writer.h"
#include "values.h"

namespace drmguard::binding {
namespace {

std::variant<NeuralCleanseSettings, FeatureReverseSettings> read_method(const Napi::Object& method) {
  const std::string kind = text_of(method, "kind");
  if (kind == "neural-cleanse") {
    return NeuralCleanseSettings{number_of(method, "tolerance"), number_of(method, "learningRate"),
                                 number_of(method, "initialCost"), integer_of(method, "patience"),
                                 number_of(method, "costMultiplier")};
  }
  if (kind != "feature-re") unknown_value("baseline", kind);
  return FeatureReverseSettings{number_of(method, "learningRate"), number_of(method, "maskLearningRate"),
                                integer_of(method, "width"),       number_of(method, "warmUp"),
                                number_of(method, "pixelBound"),   number_of(method, "deviationBound"),
                                number_of(method, "maskBound")};
}

Napi::Value write_feature(Napi::Env env, const std::optional<FeatureMeasurement>& feature) {
  if (!feature) return env.Null();
  Napi::Object object = Napi::Object::New(env);
  object.Set("similarity", Napi::Number::New(env, feature->similarity));
  object.Set("success", Napi::Number::New(env, feature->success));
  object.Set("distance", Napi::Number::New(env, feature->distance));
  object.Set("pixelChange", Napi::Number::New(env, feature->pixel_change));
  object.Set("deviation", Napi::Number::New(env, feature->deviation));
  return object;
}

Napi::Object write_outcome(Napi::Env env, const BaselineOutcome& outcome) {
  Napi::Object object = write_inversion_outcome(env, outcome.inversion);
  object.Set("statistic", Napi::Number::New(env, outcome.statistic));
  object.Set("maskShare", Napi::Number::New(env, outcome.mask_share));
  object.Set("feature", write_feature(env, outcome.feature));
  return object;
}

}  // namespace

BaselinePlan read_baseline_plan(const Napi::Object& plan) {
  return {read_method(object_of(plan, "method")),
          number_rows_of(plan, "targets"),
          integer_of(plan, "steps"),
          integer_of(plan, "batchSize"),
          seed_of(plan),
          threads_of(plan),
          integers_of(plan, "samples")};
}

Napi::Object write_baseline_progress(Napi::Env env, const BaselineProgress& progress) {
  Napi::Object object = write_inversion_progress(env, progress.terms);
  object.Set("statistic", to_array(env, progress.statistic));
  return object;
}

Napi::Object write_baseline_result(Napi::Env env, const BaselineResult& result) {
  Napi::Array outcomes = Napi::Array::New(env, result.outcomes.size());
  for (uint32_t i = 0; i < result.outcomes.size(); ++i) outcomes.Set(i, write_outcome(env, result.outcomes[i]));
  Napi::Array curve = Napi::Array::New(env, result.curve.size());
  for (uint32_t i = 0; i < result.curve.size(); ++i) curve.Set(i, write_baseline_progress(env, result.curve[i]));
  Napi::Object object = Napi::Object::New(env);
  object.Set("outcomes", outcomes);
  object.Set("curve", curve);
  object.Set("best", Napi::Number::New(env, static_cast<double>(result.best)));
  object.Set("mask", to_float_array(env, result.mask));
  object.Set("pattern", to_float_array(env, result.pattern));
  object.Set("triggeredSamples", to_float_array(env, result.triggered_samples));
  object.Set("triggeredOutputs", to_float_array(env, result.triggered_outputs));
  return object;
}

}  // namespace drmguard::binding
