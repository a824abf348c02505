// The addon's entry: lib/native/addon.ts is its surface.
#include <ATen/Version.h>
#include <napi.h>
#include <torch/version.h>

#include "addon_data.h"
#include "attack_object.h"
#include "model_object.h"
#include "session_object.h"
#include "tensor/device.h"
#include "trainer_object.h"
#include "tuner_object.h"

namespace drmguard::binding {
namespace {

Napi::Value build_facts(const Napi::CallbackInfo& info) {
  Napi::Object facts = Napi::Object::New(info.Env());
  facts.Set("libtorch", TORCH_VERSION);
  facts.Set("drmguard", DRMGUARD_VERSION);
  facts.Set("napi", NAPI_VERSION);
  facts.Set("compiler", __VERSION__);
  facts.Set("cuda", at::hasCUDA());
  facts.Set("cpuCapability", cpu_capability());
  facts.Set("defaultThreads", default_threads());
  return facts;
}

Napi::Value devices(const Napi::CallbackInfo& info) {
  Napi::Array list = Napi::Array::New(info.Env());
  for (const DeviceFacts& device : list_devices()) {
    Napi::Object object = Napi::Object::New(info.Env());
    object.Set("device", device.device);
    object.Set("available", device.available);
    object.Set("detail", device.detail);
    list.Set(list.Length(), object);
  }
  return list;
}

Napi::Value shutdown(const Napi::CallbackInfo& info) {
  addon_data(info.Env()).jobs.stop_all();
  return info.Env().Undefined();
}

Napi::Object initialise(Napi::Env env, Napi::Object exports) {
  auto* data = new AddonData;
  data->model_class = Napi::Persistent(ModelObject::define(env));
  data->session_class = Napi::Persistent(SessionObject::define(env));
  data->trainer_class = Napi::Persistent(TrainerObject::define(env));
  data->attack_class = Napi::Persistent(AttackObject::define(env));
  data->tuner_class = Napi::Persistent(TunerObject::define(env));
  env.SetInstanceData(data);
  // A worker that is terminated runs this, not the exit event: its jobs must end before its environment does.
  env.AddCleanupHook([](AddonData* addon) { addon->jobs.stop_all(); }, data);
  exports.Set("buildFacts", Napi::Function::New(env, build_facts));
  exports.Set("devices", Napi::Function::New(env, devices));
  exports.Set("loadTorchScript", Napi::Function::New(env, load_torchscript));
  exports.Set("lowerProgram", Napi::Function::New(env, lower_program));
  exports.Set("createTrainer", Napi::Function::New(env, create_trainer));
  exports.Set("createAttack", Napi::Function::New(env, create_attack));
  exports.Set("buildTorchScript", Napi::Function::New(env, build_torchscript));
  exports.Set("createTuner", Napi::Function::New(env, create_tuner));
  exports.Set("shutdown", Napi::Function::New(env, shutdown));
  return exports;
}

}  // namespace

NODE_API_MODULE(drmguard, initialise)

}  // namespace drmguard::binding
