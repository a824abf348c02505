// NativeTuner of lib/native/addon.ts.
#pragma once

#include <napi.h>

#include <memory>
#include <mutex>

#include "mitigation/tuner.h"

namespace drmguard::binding {

/// A tuner and the lock that keeps its jobs apart: it changes while it works.
struct SharedTuner {
  SharedTuner(TunableModel model, TunerOptions given) : options(given), tuner(std::move(model), std::move(given)) {}
  TunerOptions options;
  Tuner tuner;
  std::mutex busy;
};

class TunerObject : public Napi::ObjectWrap<TunerObject> {
 public:
  static Napi::Function define(Napi::Env env);
  static Napi::Value create(Napi::Env env, std::shared_ptr<SharedTuner> tuner);

  explicit TunerObject(const Napi::CallbackInfo& info);

 private:
  Napi::Value outputs(const Napi::CallbackInfo& info);
  Napi::Value parameters(const Napi::CallbackInfo& info);
  Napi::Value neuron_groups(const Napi::CallbackInfo& info);
  Napi::Value train(const Napi::CallbackInfo& info);
  Napi::Value predict(const Napi::CallbackInfo& info);
  Napi::Value activations(const Napi::CallbackInfo& info);
  Napi::Value neuron_masks(const Napi::CallbackInfo& info);
  Napi::Value scale_neurons(const Napi::CallbackInfo& info);
  Napi::Value weights(const Napi::CallbackInfo& info);
  Napi::Value restore(const Napi::CallbackInfo& info);
  Napi::Value snapshot(const Napi::CallbackInfo& info);
  Napi::Value torchscript(const Napi::CallbackInfo& info);
  Napi::Value dispose(const Napi::CallbackInfo& info);

  /// A batch of images of the tuner's size from an object with `images` and `count`.
  at::Tensor images_of(const Napi::Object& set) const;
  at::Tensor labels_of(const Napi::Object& set) const;
  std::shared_ptr<SharedTuner> tuner() const;

  std::shared_ptr<SharedTuner> tuner_;
};

/// createTuner(source, options).
Napi::Value create_tuner(const Napi::CallbackInfo& info);

}  // namespace drmguard::binding
