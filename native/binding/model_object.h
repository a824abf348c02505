// NativeModel of lib/native/addon.ts.
#pragma once

#include <napi.h>

#include <memory>

#include "model/regression_model.h"

namespace drmguard::binding {

class ModelObject : public Napi::ObjectWrap<ModelObject> {
 public:
  static Napi::Function define(Napi::Env env);
  static Napi::Value create(Napi::Env env, std::shared_ptr<const LoadedModel> model);

  explicit ModelObject(const Napi::CallbackInfo& info);

 private:
  Napi::Value describe(const Napi::CallbackInfo& info);
  Napi::Value open_session(const Napi::CallbackInfo& info);
  Napi::Value dispose(const Napi::CallbackInfo& info);
  std::shared_ptr<const LoadedModel> model() const;

  std::shared_ptr<const LoadedModel> model_;
};

/// loadTorchScript(bytes) and lowerProgram(program): promises of a NativeModel.
Napi::Value load_torchscript(const Napi::CallbackInfo& info);
Napi::Value lower_program(const Napi::CallbackInfo& info);

}  // namespace drmguard::binding
