// NativeSession of lib/native/addon.ts.
#pragma once

#include <napi.h>

#include <memory>

#include "session/session.h"

namespace drmguard::binding {

class SessionObject : public Napi::ObjectWrap<SessionObject> {
 public:
  static Napi::Function define(Napi::Env env);
  static Napi::Value create(Napi::Env env, std::shared_ptr<const Session> session, int threads);

  explicit SessionObject(const Napi::CallbackInfo& info);

 private:
  Napi::Value facts(const Napi::CallbackInfo& info);
  Napi::Value predict(const Napi::CallbackInfo& info);
  Napi::Value input_gradient(const Napi::CallbackInfo& info);
  Napi::Value measure_trigger(const Napi::CallbackInfo& info);
  Napi::Value probe(const Napi::CallbackInfo& info);
  Napi::Value innocent_content(const Napi::CallbackInfo& info);
  Napi::Value sweep_waves(const Napi::CallbackInfo& info);
  Napi::Value invert(const Napi::CallbackInfo& info);
  Napi::Value baseline(const Napi::CallbackInfo& info);
  Napi::Value dispose(const Napi::CallbackInfo& info);

  std::shared_ptr<const Session> session() const;
  at::Tensor images_argument(const Napi::CallbackInfo& info) const;

  std::shared_ptr<const Session> session_;
  int threads_ = 1;
};

}  // namespace drmguard::binding
