#include "session_object.h"

#include <ATen/TensorOperators.h>
#include <torch/csrc/autograd/autograd.h>

#include "addon_data.h"
#include "inversion/outcome.h"
#include "baseline_reader.h"
#include "plan_reader.h"
#include "result_writer.h"
#include "tensor/device.h"
#include "values.h"

namespace drmguard::binding {
namespace {

using SessionPointer = std::shared_ptr<const Session>;

/// What create hands to the constructor.
struct Seed {
  SessionPointer session;
  int threads;
};

Napi::Function callback_argument(const Napi::CallbackInfo& info, size_t index) {
  if (!info[index].IsFunction()) throw Error(ErrorCode::ERR_CONFIG, "expected a progress callback");
  return info[index].As<Napi::Function>();
}

at::Tensor weighted_input_gradient(const Session& session, const at::Tensor& images, const at::Tensor& weights) {
  const at::Tensor leaf = images.to(session.device()).set_requires_grad(true);
  const at::Tensor outputs = session.model().predict(leaf, /*with_features=*/false).outputs;
  return torch::autograd::grad({(outputs * weights.to(session.device())).sum()}, {leaf})[0].cpu();
}

Napi::Object write_trigger_effect(Napi::Env env, const TriggerEffect& effect) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("cost", Napi::Number::New(env, effect.outcome.cost));
  object.Set("outputs", to_float_array(env, effect.outputs));
  object.Set("varianceRatio", to_array(env, effect.outcome.variance_ratio));
  object.Set("rav", to_array_or_null(env, effect.outcome.rav));
  object.Set("rnv", to_array_or_null(env, effect.outcome.rnv));
  return object;
}

/// Reports {done, total}.
std::function<void(int64_t, int64_t)> counting(const ProgressSink& progress) {
  return [&progress](int64_t done, int64_t total) {
    progress([done, total](Napi::Env js) {
      Napi::Object object = Napi::Object::New(js);
      object.Set("done", Napi::Number::New(js, static_cast<double>(done)));
      object.Set("total", Napi::Number::New(js, static_cast<double>(total)));
      return object;
    });
  };
}

}  // namespace

Napi::Function SessionObject::define(Napi::Env env) {
  return DefineClass(env, "NativeSession",
                     {InstanceAccessor<&SessionObject::facts>("facts"),
                      InstanceMethod<&SessionObject::predict>("predict"),
                      InstanceMethod<&SessionObject::input_gradient>("inputGradient"),
                      InstanceMethod<&SessionObject::measure_trigger>("measureTrigger"),
                      InstanceMethod<&SessionObject::probe>("probe"),
                      InstanceMethod<&SessionObject::innocent_content>("innocentContent"),
                      InstanceMethod<&SessionObject::sweep_waves>("sweepWaves"), InstanceMethod<&SessionObject::invert>("invert"),
                      InstanceMethod<&SessionObject::baseline>("baseline"),
                      InstanceMethod<&SessionObject::dispose>("dispose")});
}

Napi::Value SessionObject::create(Napi::Env env, SessionPointer session, int threads) {
  Seed seed{std::move(session), threads};
  return addon_data(env).session_class.New({Napi::External<Seed>::New(env, &seed)});
}

SessionObject::SessionObject(const Napi::CallbackInfo& info) : Napi::ObjectWrap<SessionObject>(info) {
  if (!info[0].IsExternal()) {
    throw to_js_error(info.Env(), Error(ErrorCode::ERR_USAGE, "a NativeSession is made by openSession"));
  }
  const Seed& seed = *info[0].As<Napi::External<Seed>>().Data();
  session_ = seed.session;
  threads_ = seed.threads;
}

SessionPointer SessionObject::session() const {
  if (!session_) throw Error(ErrorCode::ERR_DISPOSED, "the session was disposed");
  return session_;
}

at::Tensor SessionObject::images_argument(const Napi::CallbackInfo& info) const {
  if (!info[1].IsNumber()) throw Error(ErrorCode::ERR_CONFIG, "expected a number of images");
  std::vector<int64_t> shape = session()->images().sizes().vec();
  shape[0] = info[1].As<Napi::Number>().Int64Value();
  return copy_floats(info, 0, shape, "images");
}

Napi::Value SessionObject::facts(const Napi::CallbackInfo& info) {
  return with_js_errors(info.Env(), [&] { return write_session_facts(info.Env(), *session()); });
}

Napi::Value SessionObject::predict(const Napi::CallbackInfo& info) {
  return with_js_errors(info.Env(), [&]() -> Napi::Value {
    const JobWork work = [session = session(), images = images_argument(info), threads = threads_](
                             const CancelFlag& cancelled, const ProgressSink&) -> ValueMaker {
      use_threads(threads);
      const at::Tensor outputs = session->predict_all(images.to(session->device()), false, cancelled).outputs;
      return [outputs](Napi::Env js) { return to_float_array(js, outputs); };
    };
    return addon_data(info.Env()).jobs.start(info.Env(), work).Get("promise");
  });
}

Napi::Value SessionObject::input_gradient(const Napi::CallbackInfo& info) {
  return with_js_errors(info.Env(), [&]() -> Napi::Value {
    const at::Tensor images = images_argument(info);
    const at::Tensor weights = copy_floats(info, 2, {images.size(0), session()->model().outputs()}, "weights");
    const JobWork work = [session = session(), images, weights, threads = threads_](
                             const CancelFlag&, const ProgressSink&) -> ValueMaker {
      use_threads(threads);
      const at::Tensor gradient = weighted_input_gradient(*session, images, weights);
      return [gradient](Napi::Env js) { return to_float_array(js, gradient); };
    };
    return addon_data(info.Env()).jobs.start(info.Env(), work).Get("promise");
  });
}

Napi::Value SessionObject::measure_trigger(const Napi::CallbackInfo& info) {
  return with_js_errors(info.Env(), [&]() -> Napi::Value {
    const at::Tensor triggered = copy_floats(info, 0, session()->images().sizes(), "triggered");
    const JobWork work = [session = session(), triggered, threads = threads_](const CancelFlag& cancelled,
                                                                              const ProgressSink&) -> ValueMaker {
      use_threads(threads);
      const TriggerEffect effect = drmguard::measure_trigger(*session, triggered, cancelled);
      return [effect](Napi::Env js) { return write_trigger_effect(js, effect); };
    };
    return addon_data(info.Env()).jobs.start(info.Env(), work).Get("promise");
  });
}

Napi::Value SessionObject::probe(const Napi::CallbackInfo& info) {
  return with_js_errors(info.Env(), [&]() -> Napi::Value {
    const ProbePlan plan = read_probe_plan(object_argument(info, 0, "plan"));
    const JobWork work = [session = session(), plan](const CancelFlag& cancelled,
                                                     const ProgressSink& progress) -> ValueMaker {
      const ProbeResult result = probe_sweep(*session, plan, counting(progress), cancelled);
      return [result](Napi::Env js) { return write_probe_result(js, result); };
    };
    return addon_data(info.Env()).jobs.start(info.Env(), work, callback_argument(info, 1));
  });
}

Napi::Value SessionObject::innocent_content(const Napi::CallbackInfo& info) {
  return with_js_errors(info.Env(), [&]() -> Napi::Value {
    const InnocentContentPlan plan = read_innocent_content_plan(object_argument(info, 0, "plan"));
    const JobWork work = [session = session(), plan](const CancelFlag& cancelled, const ProgressSink&) -> ValueMaker {
      const std::vector<double> result = innocent_collapses(*session, plan, cancelled);
      return [result](Napi::Env js) { return to_array(js, result); };
    };
    return addon_data(info.Env()).jobs.start(info.Env(), work);
  });
}

Napi::Value SessionObject::sweep_waves(const Napi::CallbackInfo& info) {
  return with_js_errors(info.Env(), [&]() -> Napi::Value {
    const WaveSweepPlan plan = read_wave_sweep_plan(object_argument(info, 0, "plan"));
    const JobWork work = [session = session(), plan](const CancelFlag& cancelled,
                                                     const ProgressSink& progress) -> ValueMaker {
      const WaveSweepResult result = wave_sweep(*session, plan, counting(progress), cancelled);
      return [result](Napi::Env js) { return write_wave_sweep_result(js, result); };
    };
    return addon_data(info.Env()).jobs.start(info.Env(), work, callback_argument(info, 1));
  });
}

Napi::Value SessionObject::invert(const Napi::CallbackInfo& info) {
  return with_js_errors(info.Env(), [&]() -> Napi::Value {
    const InversionPlan plan = read_inversion_plan(object_argument(info, 0, "plan"), session()->images().sizes());
    const JobWork work = [session = session(), plan](const CancelFlag& cancelled,
                                                     const ProgressSink& progress) -> ValueMaker {
      const auto report = [&progress](const InversionProgress& point) {
        progress([point](Napi::Env js) { return write_inversion_progress(js, point); });
      };
      auto result = std::make_shared<InversionResult>(drmguard::invert(*session, plan, report, cancelled));
      return [result](Napi::Env js) { return write_inversion_result(js, *result); };
    };
    return addon_data(info.Env()).jobs.start(info.Env(), work, callback_argument(info, 1));
  });
}

Napi::Value SessionObject::baseline(const Napi::CallbackInfo& info) {
  return with_js_errors(info.Env(), [&]() -> Napi::Value {
    const BaselinePlan plan = read_baseline_plan(object_argument(info, 0, "plan"));
    const JobWork work = [session = session(), plan](const CancelFlag& cancelled,
                                                     const ProgressSink& progress) -> ValueMaker {
      const auto report = [&progress](const BaselineProgress& point) {
        progress([point](Napi::Env js) { return write_baseline_progress(js, point); });
      };
      auto result = std::make_shared<BaselineResult>(run_baseline(*session, plan, report, cancelled));
      return [result](Napi::Env js) { return write_baseline_result(js, *result); };
    };
    return addon_data(info.Env()).jobs.start(info.Env(), work, callback_argument(info, 1));
  });
}

Napi::Value SessionObject::dispose(const Napi::CallbackInfo& info) {
  session_.reset();
  return info.Env().Undefined();
}

}  // namespace drmguard::binding
