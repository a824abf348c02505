#include "trainer_object.h"

#include "addon_data.h"
#include "architecture/load_weights.h"
#include "hold.h"
#include "tensor_record.h"
#include "training_reader.h"
#include "values.h"

namespace drmguard::binding {
namespace {

using TrainerPointer = std::shared_ptr<SharedTrainer>;

Napi::Object write_progress(Napi::Env env, const TrainingProgress& progress) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("epoch", Napi::Number::New(env, static_cast<double>(progress.epoch)));
  object.Set("epochs", Napi::Number::New(env, static_cast<double>(progress.epochs)));
  object.Set("batch", Napi::Number::New(env, static_cast<double>(progress.batch)));
  object.Set("batches", Napi::Number::New(env, static_cast<double>(progress.batches)));
  object.Set("loss", Napi::Number::New(env, progress.loss));
  return object;
}

Napi::Object write_result(Napi::Env env, const EpochResult& result) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("epoch", Napi::Number::New(env, static_cast<double>(result.epoch)));
  object.Set("loss", Napi::Number::New(env, result.loss));
  object.Set("learningRate", Napi::Number::New(env, result.learning_rate));
  return object;
}

}  // namespace

Napi::Function TrainerObject::define(Napi::Env env) {
  return DefineClass(
      env, "NativeTrainer",
      {InstanceAccessor<&TrainerObject::parameters>("parameters"), InstanceAccessor<&TrainerObject::epoch>("epoch"),
       InstanceMethod<&TrainerObject::train_epoch>("trainEpoch"), InstanceMethod<&TrainerObject::predict>("predict"),
       InstanceMethod<&TrainerObject::weights>("weights"), InstanceMethod<&TrainerObject::attack_state>("attackState"),
       InstanceMethod<&TrainerObject::state>("state"), InstanceMethod<&TrainerObject::restore>("restore"),
       InstanceMethod<&TrainerObject::dispose>("dispose")});
}

Napi::Value TrainerObject::create(Napi::Env env, TrainerPointer trainer) {
  return addon_data(env).trainer_class.New({Napi::External<TrainerPointer>::New(env, &trainer)});
}

TrainerObject::TrainerObject(const Napi::CallbackInfo& info) : Napi::ObjectWrap<TrainerObject>(info) {
  if (!info[0].IsExternal()) {
    throw to_js_error(info.Env(), Error(ErrorCode::ERR_USAGE, "a NativeTrainer is made by createTrainer"));
  }
  trainer_ = *info[0].As<Napi::External<TrainerPointer>>().Data();
}

TrainerPointer TrainerObject::trainer() const {
  if (!trainer_) throw Error(ErrorCode::ERR_DISPOSED, "the trainer was disposed");
  return trainer_;
}

Napi::Value TrainerObject::parameters(const Napi::CallbackInfo& info) {
  return with_js_errors(info.Env(), [&] {
    return Napi::Number::New(info.Env(), static_cast<double>(trainer()->trainer.parameter_count()));
  });
}

Napi::Value TrainerObject::epoch(const Napi::CallbackInfo& info) {
  return with_js_errors(info.Env(), [&] {
    const auto lock = hold(*trainer(), "trainer");
    return Napi::Number::New(info.Env(), static_cast<double>(trainer()->trainer.epoch()));
  });
}

Napi::Value TrainerObject::train_epoch(const Napi::CallbackInfo& info) {
  return with_js_errors(info.Env(), [&]() -> Napi::Value {
    if (!info[0].IsFunction()) throw Error(ErrorCode::ERR_CONFIG, "expected a progress callback");
    const JobWork work = [shared = trainer()](const CancelFlag& cancelled, const ProgressSink& sink) -> ValueMaker {
      const auto lock = hold(*shared, "trainer");
      const auto report = [&sink](const TrainingProgress& progress) {
        sink([progress](Napi::Env js) { return write_progress(js, progress); });
      };
      const EpochResult result = shared->trainer.train_epoch(report, cancelled);
      return [result](Napi::Env js) { return write_result(js, result); };
    };
    return addon_data(info.Env()).jobs.start(info.Env(), work, info[0].As<Napi::Function>());
  });
}

Napi::Value TrainerObject::predict(const Napi::CallbackInfo& info) {
  return with_js_errors(info.Env(), [&]() -> Napi::Value {
    if (!info[1].IsNumber()) throw Error(ErrorCode::ERR_CONFIG, "expected a number of images");
    const ArchitectureSpec& spec = trainer()->trainer.plan().architecture;
    const int64_t count = info[1].As<Napi::Number>().Int64Value();
    const at::Tensor pixels = copy_bytes(info, 0, {count, spec.channels, spec.height, spec.width}, "pixels");
    const JobWork work = [shared = trainer(), pixels](const CancelFlag& cancelled, const ProgressSink&) -> ValueMaker {
      const auto lock = hold(*shared, "trainer");
      const at::Tensor outputs = shared->trainer.predict(pixels, cancelled);
      return [outputs](Napi::Env js) { return to_float_array(js, outputs); };
    };
    return addon_data(info.Env()).jobs.start(info.Env(), work).Get("promise");
  });
}

Napi::Value TrainerObject::weights(const Napi::CallbackInfo& info) {
  return with_js_errors(info.Env(), [&] {
    const auto lock = hold(*trainer(), "trainer");
    return write_tensor_records(info.Env(), trainer()->trainer.weights());
  });
}

Napi::Value TrainerObject::attack_state(const Napi::CallbackInfo& info) {
  return with_js_errors(info.Env(), [&] {
    if (!info[0].IsNumber()) throw Error(ErrorCode::ERR_CONFIG, "expected the number of an attack");
    const auto lock = hold(*trainer(), "trainer");
    const auto attack = static_cast<size_t>(info[0].As<Napi::Number>().Uint32Value());
    return write_tensor_records(info.Env(), trainer()->trainer.attack_state(attack));
  });
}

Napi::Value TrainerObject::state(const Napi::CallbackInfo& info) {
  return with_js_errors(info.Env(), [&] {
    const auto lock = hold(*trainer(), "trainer");
    return write_tensor_records(info.Env(), trainer()->trainer.state());
  });
}

Napi::Value TrainerObject::restore(const Napi::CallbackInfo& info) {
  return with_js_errors(info.Env(), [&] {
    if (!info[0].IsArray()) throw Error(ErrorCode::ERR_CONFIG, "expected a list of tensor records");
    const auto lock = hold(*trainer(), "trainer");
    trainer()->trainer.restore(read_tensor_records(info[0].As<Napi::Array>()));
    return info.Env().Undefined();
  });
}

Napi::Value TrainerObject::dispose(const Napi::CallbackInfo& info) {
  trainer_.reset();
  return info.Env().Undefined();
}

Napi::Value create_trainer(const Napi::CallbackInfo& info) {
  return with_js_errors(info.Env(), [&]() -> Napi::Value {
    TrainingPlan plan = read_training_plan(object_argument(info, 0, "plan"));
    const Napi::Object data = object_argument(info, 1, "data");
    const int64_t count = integer_of(data, "count");
    const ArchitectureSpec& spec = plan.architecture;
    TrainingSet set{bytes_of(data, "pixels", {count, spec.channels, spec.height, spec.width}),
                    floats_of(data, "labels", {count, spec.outputs})};
    // Work on the job's thread: preparing the weights of a large model takes a while.
    auto parts = std::make_shared<std::pair<TrainingPlan, TrainingSet>>(std::move(plan), std::move(set));
    const JobWork work = [parts](const CancelFlag&, const ProgressSink&) -> ValueMaker {
      auto trainer = std::make_shared<SharedTrainer>(std::move(parts->first), std::move(parts->second));
      return [trainer](Napi::Env js) { return TrainerObject::create(js, trainer); };
    };
    return addon_data(info.Env()).jobs.start(info.Env(), work).Get("promise");
  });
}

Napi::Value build_torchscript(const Napi::CallbackInfo& info) {
  return with_js_errors(info.Env(), [&]() -> Napi::Value {
    const ArchitectureSpec spec = read_architecture(object_argument(info, 0, "architecture"));
    if (!info[1].IsArray()) throw Error(ErrorCode::ERR_CONFIG, "expected a list of tensor records");
    auto weights = std::make_shared<NamedTensors>(read_tensor_records(info[1].As<Napi::Array>()));
    const JobWork work = [spec, weights](const CancelFlag&, const ProgressSink&) -> ValueMaker {
      Architecture architecture = make_architecture(spec, /*seed=*/0);
      load_weights(architecture, *weights);
      auto archive = std::make_shared<std::string>(torchscript_archive(architecture));
      return [archive](Napi::Env js) {
        return to_byte_array(js, *archive);
      };
    };
    return addon_data(info.Env()).jobs.start(info.Env(), work).Get("promise");
  });
}

}  // namespace drmguard::binding
