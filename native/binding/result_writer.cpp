#include "result_writer.h"

#include "tensor/doubles.h"
#include "values.h"

namespace drmguard::binding {
namespace {

void set_reading(Napi::Object object, const Reading& reading) {
  object.Set("varianceRatio", Napi::Number::New(object.Env(), reading.variance_ratio));
  object.Set("shift", Napi::Number::New(object.Env(), reading.shift));
  object.Set("shiftVariance", Napi::Number::New(object.Env(), reading.shift_variance));
}

Napi::Object write_patch(Napi::Env env, const ProbedPatch& probed) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("top", Napi::Number::New(env, static_cast<double>(probed.patch.top)));
  object.Set("left", Napi::Number::New(env, static_cast<double>(probed.patch.left)));
  object.Set("size", Napi::Number::New(env, static_cast<double>(probed.patch.size)));
  object.Set("colour", to_array(env, probed.patch.colour));
  set_reading(object, probed.reading);
  object.Set("target", to_array(env, probed.target));
  return object;
}

Napi::Value write_head(Napi::Env env, const std::optional<Head>& head) {
  if (!head) return env.Null();
  Napi::Object object = Napi::Object::New(env);
  object.Set("featureValue", Napi::String::New(env, head->feature_name));
  object.Set("features", Napi::Number::New(env, static_cast<double>(head->weight.size(1))));
  object.Set("form", Napi::String::New(env, head->form));
  object.Set("blocks", Napi::Number::New(env, head->blocks));
  return object;
}

}  // namespace

Napi::Object write_model_description(Napi::Env env, const LoadedModel& model) {
  Napi::Object operators = Napi::Object::New(env);
  for (const auto& [name, count] : model.operators) operators.Set(name, Napi::Number::New(env, count));
  Napi::Object object = Napi::Object::New(env);
  object.Set("execution", Napi::String::New(env, model.program ? "program" : "torchscript"));
  object.Set("executionReason", Napi::String::New(env, model.reason));
  object.Set("operators", operators);
  object.Set("parameters", Napi::Number::New(env, static_cast<double>(model.parameters)));
  return object;
}

Napi::Object write_session_facts(Napi::Env env, const Session& session) {
  const at::Tensor& outputs = session.benign_outputs();
  Napi::Object object = Napi::Object::New(env);
  object.Set("outputs", Napi::Number::New(env, static_cast<double>(session.model().outputs())));
  object.Set("head", write_head(env, session.model().head()));
  object.Set("headReason", Napi::String::New(env, session.model().head_reason()));
  object.Set("outputMean", to_array(env, to_doubles(session.output_scale().mean)));
  object.Set("outputDeviation", to_array(env, to_doubles(session.output_scale().variance.sqrt())));
  object.Set("outputMinimum", to_array(env, to_doubles(outputs.amin(0))));
  object.Set("outputMaximum", to_array(env, to_doubles(outputs.amax(0))));
  object.Set("benignOutputs", to_float_array(env, outputs));
  return object;
}

Napi::Object write_probe_result(Napi::Env env, const ProbeResult& result) {
  Napi::Array best = Napi::Array::New(env, result.best.size());
  for (uint32_t i = 0; i < result.best.size(); ++i) best.Set(i, write_patch(env, result.best[i]));
  Napi::Object object = Napi::Object::New(env);
  object.Set("patchesTried", Napi::Number::New(env, static_cast<double>(result.patches_tried)));
  object.Set("forwardPasses", Napi::Number::New(env, static_cast<double>(result.forward_passes)));
  object.Set("best", best);
  return object;
}

Napi::Object write_wave_sweep_result(Napi::Env env, const WaveSweepResult& result) {
  Napi::Array best = Napi::Array::New(env, result.best.size());
  for (size_t i = 0; i < result.best.size(); ++i) {
    const ProbedWave& probed = result.best[i];
    Napi::Object object = Napi::Object::New(env);
    object.Set("across", Napi::Number::New(env, probed.wave.across));
    object.Set("down", Napi::Number::New(env, probed.wave.down));
    object.Set("phase", Napi::Number::New(env, probed.wave.phase));
    set_reading(object, probed.reading);
    best.Set(static_cast<uint32_t>(i), object);
  }
  Napi::Object object = Napi::Object::New(env);
  object.Set("wavesTried", Napi::Number::New(env, static_cast<double>(result.waves_tried)));
  object.Set("medianVarianceRatio", Napi::Number::New(env, result.median_variance_ratio));
  object.Set("best", best);
  return object;
}

Napi::Object write_inversion_progress(Napi::Env env, const InversionProgress& progress) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("step", Napi::Number::New(env, static_cast<double>(progress.step)));
  object.Set("steps", Napi::Number::New(env, static_cast<double>(progress.steps)));
  object.Set("loss", to_array(env, progress.loss));
  object.Set("cost", to_array(env, progress.cost));
  object.Set("collapse", to_array(env, progress.collapse));
  object.Set("rav", to_array(env, progress.rav));
  return object;
}

Napi::Object write_inversion_outcome(Napi::Env env, const InversionOutcome& outcome) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("cost", Napi::Number::New(env, outcome.cost));
  object.Set("collapse", Napi::Number::New(env, outcome.collapse));
  object.Set("reached", Napi::Boolean::New(env, outcome.reached));
  object.Set("target", to_array(env, outcome.target));
  object.Set("outputMean", to_array(env, outcome.output_mean));
  object.Set("varianceRatio", to_array(env, outcome.variance_ratio));
  object.Set("rav", to_array_or_null(env, outcome.rav));
  object.Set("rnv", to_array_or_null(env, outcome.rnv));
  object.Set("multiplier", Napi::Number::New(env, outcome.multiplier));
  object.Set("content", outcome.content.defined() ? to_float_array(env, outcome.content) : env.Null());
  return object;
}

Napi::Object write_inversion_result(Napi::Env env, const InversionResult& result) {
  Napi::Array outcomes = Napi::Array::New(env, result.outcomes.size());
  for (uint32_t i = 0; i < result.outcomes.size(); ++i) outcomes.Set(i, write_inversion_outcome(env, result.outcomes[i]));
  Napi::Array curve = Napi::Array::New(env, result.curve.size());
  for (uint32_t i = 0; i < result.curve.size(); ++i) curve.Set(i, write_inversion_progress(env, result.curve[i]));
  Napi::Object object = Napi::Object::New(env);
  object.Set("outcomes", outcomes);
  object.Set("curve", curve);
  object.Set("hopeless", Napi::Boolean::New(env, result.hopeless));
  object.Set("best", Napi::Number::New(env, static_cast<double>(result.best)));
  object.Set("triggeredSamples", to_float_array(env, result.triggered_samples));
  object.Set("triggeredOutputs", to_float_array(env, result.triggered_outputs));
  object.Set("outputs", to_float_array(env, result.outputs));
  object.Set("otherOutputs", to_float_array(env, result.other_outputs));
  return object;
}

}  // namespace drmguard::binding
