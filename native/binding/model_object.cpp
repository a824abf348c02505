#include "model_object.h"

#include "addon_data.h"
#include "plan_reader.h"
#include "program_reader.h"
#include "result_writer.h"
#include "session_object.h"
#include "values.h"

namespace drmguard::binding {
namespace {

using ModelPointer = std::shared_ptr<const LoadedModel>;

Napi::Value start_loading(Napi::Env env, std::function<LoadedModel()> load) {
  const JobWork work = [load = std::move(load)](const CancelFlag&, const ProgressSink&) -> ValueMaker {
    auto model = std::make_shared<const LoadedModel>(load());
    return [model](Napi::Env js) { return ModelObject::create(js, model); };
  };
  return addon_data(env).jobs.start(env, work).Get("promise");
}

}  // namespace

Napi::Function ModelObject::define(Napi::Env env) {
  return DefineClass(env, "NativeModel",
                     {InstanceMethod<&ModelObject::describe>("describe"),
                      InstanceMethod<&ModelObject::open_session>("openSession"),
                      InstanceMethod<&ModelObject::dispose>("dispose")});
}

Napi::Value ModelObject::create(Napi::Env env, ModelPointer model) {
  return addon_data(env).model_class.New({Napi::External<ModelPointer>::New(env, &model)});
}

ModelObject::ModelObject(const Napi::CallbackInfo& info) : Napi::ObjectWrap<ModelObject>(info) {
  if (!info[0].IsExternal()) {
    throw to_js_error(info.Env(), Error(ErrorCode::ERR_USAGE, "a NativeModel is made by loadTorchScript or lowerProgram"));
  }
  model_ = *info[0].As<Napi::External<ModelPointer>>().Data();
}

ModelPointer ModelObject::model() const {
  if (!model_) throw Error(ErrorCode::ERR_DISPOSED, "the model was disposed");
  return model_;
}

Napi::Value ModelObject::describe(const Napi::CallbackInfo& info) {
  return with_js_errors(info.Env(), [&] { return write_model_description(info.Env(), *model()); });
}

Napi::Value ModelObject::open_session(const Napi::CallbackInfo& info) {
  return with_js_errors(info.Env(), [&]() -> Napi::Value {
    const ModelPointer loaded = model();
    const Napi::Object given = object_argument(info, 0, "options");
    const SessionOptions options = read_session_options(given);
    const at::Tensor images = copy_floats(info, 1, read_image_shape(given), "images");
    const JobWork work = [loaded, images, options](const CancelFlag& cancelled, const ProgressSink&) -> ValueMaker {
      auto session = std::make_shared<const Session>(*loaded, images, options, cancelled);
      return [session, threads = options.threads](Napi::Env js) { return SessionObject::create(js, session, threads); };
    };
    return addon_data(info.Env()).jobs.start(info.Env(), work).Get("promise");
  });
}

Napi::Value ModelObject::dispose(const Napi::CallbackInfo& info) {
  model_.reset();
  return info.Env().Undefined();
}

Napi::Value load_torchscript(const Napi::CallbackInfo& info) {
  return with_js_errors(info.Env(), [&] {
    if (!info[0].IsTypedArray() || info[0].As<Napi::TypedArray>().TypedArrayType() != napi_uint8_array) {
      throw Error(ErrorCode::ERR_CONFIG, "expected a Uint8Array with the model's bytes");
    }
    const auto array = info[0].As<Napi::Uint8Array>();
    // A copy: what was checked must stay what is run, whatever the caller does to the array.
    auto bytes = std::make_shared<std::vector<uint8_t>>(array.Data(), array.Data() + array.ByteLength());
    return start_loading(info.Env(), [bytes] { return load_torchscript_model(bytes->data(), bytes->size()); });
  });
}

Napi::Value lower_program(const Napi::CallbackInfo& info) {
  return with_js_errors(info.Env(), [&] {
    auto spec = std::make_shared<ProgramSpec>(read_program(object_argument(info, 0, "program")));
    return start_loading(info.Env(), [spec] { return load_program_model(*spec); });
  });
}

}  // namespace drmguard::binding
