// NativeTrainer of lib/native/addon.ts.
#pragma once

#include <napi.h>

#include <memory>
#include <mutex>

#include "training/trainer.h"

namespace drmguard::binding {

/// A trainer and the lock that keeps its jobs apart: it changes while it works, unlike models and sessions.
struct SharedTrainer {
  SharedTrainer(TrainingPlan plan, TrainingSet set) : trainer(std::move(plan), std::move(set)) {}
  Trainer trainer;
  std::mutex busy;
};

class TrainerObject : public Napi::ObjectWrap<TrainerObject> {
 public:
  static Napi::Function define(Napi::Env env);
  static Napi::Value create(Napi::Env env, std::shared_ptr<SharedTrainer> trainer);

  explicit TrainerObject(const Napi::CallbackInfo& info);

 private:
  Napi::Value parameters(const Napi::CallbackInfo& info);
  Napi::Value epoch(const Napi::CallbackInfo& info);
  Napi::Value train_epoch(const Napi::CallbackInfo& info);
  Napi::Value predict(const Napi::CallbackInfo& info);
  Napi::Value weights(const Napi::CallbackInfo& info);
  Napi::Value attack_state(const Napi::CallbackInfo& info);
  Napi::Value state(const Napi::CallbackInfo& info);
  Napi::Value restore(const Napi::CallbackInfo& info);
  Napi::Value dispose(const Napi::CallbackInfo& info);

  std::shared_ptr<SharedTrainer> trainer() const;

  std::shared_ptr<SharedTrainer> trainer_;
};

/// createTrainer(plan, data).
Napi::Value create_trainer(const Napi::CallbackInfo& info);
/// buildTorchScript(architecture, weights).
Napi::Value build_torchscript(const Napi::CallbackInfo& info);

}  // namespace drmguard::binding
