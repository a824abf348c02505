// NativeAttack of lib/native/addon.ts.
#pragma once

#include <napi.h>

#include <memory>

#include "attack/attack.h"

namespace drmguard::binding {

class AttackObject : public Napi::ObjectWrap<AttackObject> {
 public:
  static Napi::Function define(Napi::Env env);

  explicit AttackObject(const Napi::CallbackInfo& info);

 private:
  Napi::Value apply(const Napi::CallbackInfo& info);
  Napi::Value dispose(const Napi::CallbackInfo& info);

  std::shared_ptr<const Attack> attack_;
  ImageShape shape_;
};

/// createAttack(attack, shape, state).
Napi::Value create_attack(const Napi::CallbackInfo& info);

}  // namespace drmguard::binding
