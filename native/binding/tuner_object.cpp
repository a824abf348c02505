#include "tuner_object.h"

#include "addon_data.h"
#include "hold.h"
#include "model_object.h"
#include "plan_reader.h"
#include "program_reader.h"
#include "tensor_record.h"
#include "training_reader.h"
#include "values.h"

namespace drmguard::binding {
namespace {

using TunerPointer = std::shared_ptr<SharedTuner>;

TuningListener listener_of(const ProgressSink& sink) {
  return [&sink](const TuningProgress& progress) {
    sink([progress](Napi::Env js) {
      Napi::Object object = Napi::Object::New(js);
      object.Set("step", Napi::Number::New(js, static_cast<double>(progress.step)));
      object.Set("steps", Napi::Number::New(js, static_cast<double>(progress.steps)));
      object.Set("loss", Napi::Number::New(js, progress.loss));
      return object;
    });
  };
}

TuningPlan read_tuning_plan(const Napi::Object& plan) {
  TuningPlan result;
  result.steps = integer_of(plan, "steps");
  result.batch_size = integer_of(plan, "batchSize");
  result.learning_rate = number_of(plan, "learningRate");
  result.weight_decay = number_of(plan, "weightDecay");
  result.seed = seed_of(plan);
  result.loss = loss_of(plan);
  return result;
}

MaskPlan read_mask_plan(const Napi::Object& plan) {
  MaskPlan result;
  result.steps = integer_of(plan, "steps");
  result.batch_size = integer_of(plan, "batchSize");
  result.learning_rate = number_of(plan, "learningRate");
  result.bound = number_of(plan, "bound");
  result.balance = number_of(plan, "balance");
  result.seed = seed_of(plan);
  return result;
}

Napi::Function callback(const Napi::CallbackInfo& info, size_t index) {
  if (!info[index].IsFunction()) throw Error(ErrorCode::ERR_CONFIG, "expected a progress callback");
  return info[index].As<Napi::Function>();
}

/// {torchScript: bytes} or {program}, whose constants say which of them are parameters.
std::function<TunableModel()> read_source(const Napi::Object& source) {
  const Napi::Value given = source.Get("torchScript");
  if (given.IsTypedArray() && given.As<Napi::TypedArray>().TypedArrayType() == napi_uint8_array) {
    const auto array = given.As<Napi::Uint8Array>();
    auto bytes = std::make_shared<std::vector<uint8_t>>(array.Data(), array.Data() + array.ByteLength());
    return [bytes] { return tunable_torchscript(bytes->data(), bytes->size()); };
  }
  const Napi::Object program = object_of(source, "program");
  std::map<std::string, std::string> parameters;
  const Napi::Array constants = array_of(program, "constants");
  for (uint32_t i = 0; i < constants.Length(); ++i) {
    const Napi::Object constant = constants.Get(i).As<Napi::Object>();
    const std::string name = optional_text_of(constant, "parameter");
    if (!name.empty()) parameters.emplace(text_of(constant, "name"), name);
  }
  auto spec = std::make_shared<ProgramSpec>(read_program(program));
  return [spec, parameters] { return tunable_program(*spec, parameters); };
}

}  // namespace

Napi::Function TunerObject::define(Napi::Env env) {
  return DefineClass(
      env, "NativeTuner",
      {InstanceAccessor<&TunerObject::outputs>("outputs"), InstanceAccessor<&TunerObject::parameters>("parameters"),
       InstanceAccessor<&TunerObject::neuron_groups>("neuronGroups"), InstanceMethod<&TunerObject::train>("train"),
       InstanceMethod<&TunerObject::predict>("predict"), InstanceMethod<&TunerObject::activations>("activations"),
       InstanceMethod<&TunerObject::neuron_masks>("neuronMasks"),
       InstanceMethod<&TunerObject::scale_neurons>("scaleNeurons"), InstanceMethod<&TunerObject::weights>("weights"),
       InstanceMethod<&TunerObject::restore>("restore"), InstanceMethod<&TunerObject::snapshot>("snapshot"),
       InstanceMethod<&TunerObject::torchscript>("torchScript"), InstanceMethod<&TunerObject::dispose>("dispose")});
}

Napi::Value TunerObject::create(Napi::Env env, TunerPointer tuner) {
  return addon_data(env).tuner_class.New({Napi::External<TunerPointer>::New(env, &tuner)});
}

TunerObject::TunerObject(const Napi::CallbackInfo& info) : Napi::ObjectWrap<TunerObject>(info) {
  if (!info[0].IsExternal()) {
    throw to_js_error(info.Env(), Error(ErrorCode::ERR_USAGE, "a NativeTuner is made by createTuner"));
  }
  tuner_ = *info[0].As<Napi::External<TunerPointer>>().Data();
}

TunerPointer TunerObject::tuner() const {
  if (!tuner_) throw Error(ErrorCode::ERR_DISPOSED, "the tuner was disposed");
  return tuner_;
}

at::Tensor TunerObject::images_of(const Napi::Object& set) const {
  const std::vector<int64_t>& shape = tuner()->options.image_shape;
  return floats_of(set, "images", {integer_of(set, "count"), shape[0], shape[1], shape[2]});
}

at::Tensor TunerObject::labels_of(const Napi::Object& set) const {
  return floats_of(set, "labels", {integer_of(set, "count"), tuner()->tuner.outputs()});
}

Napi::Value TunerObject::outputs(const Napi::CallbackInfo& info) {
  return with_js_errors(info.Env(), [&] {
    return Napi::Number::New(info.Env(), static_cast<double>(tuner()->tuner.outputs()));
  });
}

Napi::Value TunerObject::parameters(const Napi::CallbackInfo& info) {
  return with_js_errors(info.Env(), [&] {
    return Napi::Number::New(info.Env(), static_cast<double>(tuner()->tuner.parameter_count()));
  });
}

Napi::Value TunerObject::neuron_groups(const Napi::CallbackInfo& info) {
  return with_js_errors(info.Env(), [&] {
    const std::vector<int64_t> groups = tuner()->tuner.neuron_groups();
    return to_array(info.Env(), {groups.begin(), groups.end()});
  });
}

Napi::Value TunerObject::train(const Napi::CallbackInfo& info) {
  return with_js_errors(info.Env(), [&]() -> Napi::Value {
    const TuningPlan plan = read_tuning_plan(object_argument(info, 0, "plan"));
    const Napi::Object set = object_argument(info, 1, "set");
    const JobWork work = [shared = tuner(), plan, images = images_of(set), labels = labels_of(set)](
                             const CancelFlag& cancelled, const ProgressSink& sink) -> ValueMaker {
      const auto lock = hold(*shared, "tuner");
      const double loss = shared->tuner.train(plan, images, labels, listener_of(sink), cancelled);
      return [loss](Napi::Env js) { return Napi::Number::New(js, loss); };
    };
    return addon_data(info.Env()).jobs.start(info.Env(), work, callback(info, 2));
  });
}

Napi::Value TunerObject::predict(const Napi::CallbackInfo& info) {
  return with_js_errors(info.Env(), [&]() -> Napi::Value {
    const at::Tensor images = images_of(object_argument(info, 0, "set"));
    const JobWork work = [shared = tuner(), images](const CancelFlag& cancelled, const ProgressSink&) -> ValueMaker {
      const auto lock = hold(*shared, "tuner");
      const at::Tensor outputs = shared->tuner.predict(images, cancelled);
      return [outputs](Napi::Env js) { return to_float_array(js, outputs); };
    };
    return addon_data(info.Env()).jobs.start(info.Env(), work).Get("promise");
  });
}

Napi::Value TunerObject::activations(const Napi::CallbackInfo& info) {
  return with_js_errors(info.Env(), [&]() -> Napi::Value {
    const at::Tensor images = images_of(object_argument(info, 0, "set"));
    const JobWork work = [shared = tuner(), images](const CancelFlag& cancelled, const ProgressSink&) -> ValueMaker {
      const auto lock = hold(*shared, "tuner");
      const at::Tensor means = shared->tuner.activations(images, cancelled);
      return [means](Napi::Env js) { return to_float_array(js, means); };
    };
    return addon_data(info.Env()).jobs.start(info.Env(), work).Get("promise");
  });
}

Napi::Value TunerObject::neuron_masks(const Napi::CallbackInfo& info) {
  return with_js_errors(info.Env(), [&]() -> Napi::Value {
    const MaskPlan plan = read_mask_plan(object_argument(info, 0, "plan"));
    const Napi::Object set = object_argument(info, 1, "set");
    const JobWork work = [shared = tuner(), plan, images = images_of(set), labels = labels_of(set)](
                             const CancelFlag& cancelled, const ProgressSink& sink) -> ValueMaker {
      const auto lock = hold(*shared, "tuner");
      const at::Tensor masks = shared->tuner.neuron_masks(plan, images, labels, listener_of(sink), cancelled);
      return [masks](Napi::Env js) { return to_float_array(js, masks); };
    };
    return addon_data(info.Env()).jobs.start(info.Env(), work, callback(info, 2));
  });
}

Napi::Value TunerObject::scale_neurons(const Napi::CallbackInfo& info) {
  return with_js_errors(info.Env(), [&] {
    if (!info[0].IsTypedArray()) throw Error(ErrorCode::ERR_CONFIG, "expected a Float32Array with one factor per neuron");
    const auto count = static_cast<int64_t>(info[0].As<Napi::TypedArray>().ElementLength());
    const auto lock = hold(*tuner(), "tuner");
    tuner()->tuner.scale_neurons(copy_floats(info, 0, {count}, "factors"));
    return info.Env().Undefined();
  });
}

Napi::Value TunerObject::weights(const Napi::CallbackInfo& info) {
  return with_js_errors(info.Env(), [&] {
    const auto lock = hold(*tuner(), "tuner");
    return write_tensor_records(info.Env(), tuner()->tuner.weights());
  });
}

Napi::Value TunerObject::restore(const Napi::CallbackInfo& info) {
  return with_js_errors(info.Env(), [&] {
    if (!info[0].IsArray()) throw Error(ErrorCode::ERR_CONFIG, "expected a list of tensor records");
    const auto lock = hold(*tuner(), "tuner");
    tuner()->tuner.restore(read_tensor_records(info[0].As<Napi::Array>()));
    return info.Env().Undefined();
  });
}

Napi::Value TunerObject::snapshot(const Napi::CallbackInfo& info) {
  return with_js_errors(info.Env(), [&] {
    const auto lock = hold(*tuner(), "tuner");
    return ModelObject::create(info.Env(), std::make_shared<const LoadedModel>(tuner()->tuner.snapshot()));
  });
}

Napi::Value TunerObject::torchscript(const Napi::CallbackInfo& info) {
  return with_js_errors(info.Env(), [&] {
    const auto lock = hold(*tuner(), "tuner");
    const std::string archive = tuner()->tuner.torchscript_archive();
    return to_byte_array(info.Env(), archive);
  });
}

Napi::Value TunerObject::dispose(const Napi::CallbackInfo& info) {
  tuner_.reset();
  return info.Env().Undefined();
}

Napi::Value create_tuner(const Napi::CallbackInfo& info) {
  return with_js_errors(info.Env(), [&]() -> Napi::Value {
    const std::function<TunableModel()> load = read_source(object_argument(info, 0, "source"));
    const Napi::Object given = object_argument(info, 1, "options");
    const TunerOptions options{text_of(given, "device"), threads_of(given), read_pixels(object_of(given, "pixels")),
                               {integer_of(given, "channels"), integer_of(given, "height"), integer_of(given, "width")}};
    const JobWork work = [load, options](const CancelFlag&, const ProgressSink&) -> ValueMaker {
      auto tuner = std::make_shared<SharedTuner>(load(), options);
      return [tuner](Napi::Env js) { return TunerObject::create(js, tuner); };
    };
    return addon_data(info.Env()).jobs.start(info.Env(), work).Get("promise");
  });
}

}  // namespace drmguard::binding
