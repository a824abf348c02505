#include "attack_object.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/cat.h>

#include "addon_data.h"
#include "tensor/device.h"
#include "tensor_record.h"
#include "training_reader.h"
#include "values.h"

namespace drmguard::binding {
namespace {

/// What create_attack hands to the constructor.
struct Seed {
  std::shared_ptr<const Attack> attack;
  ImageShape shape;
};

at::Tensor stamp(const Attack& attack, const at::Tensor& images, const CancelFlag& cancelled) {
  at::NoGradGuard no_grad;
  std::vector<at::Tensor> parts;
  int64_t count = 0;
  for (int64_t start = 0; start < images.size(0); start += count) {
    throw_if_cancelled(cancelled);
    count = next_pass(images.size(0) - start);
    parts.push_back(attack.apply(images.narrow(0, start, count)));
  }
  return at::cat(parts);
}

}  // namespace

Napi::Function AttackObject::define(Napi::Env env) {
  return DefineClass(env, "NativeAttack",
                     {InstanceMethod<&AttackObject::apply>("apply"), InstanceMethod<&AttackObject::dispose>("dispose")});
}

AttackObject::AttackObject(const Napi::CallbackInfo& info) : Napi::ObjectWrap<AttackObject>(info) {
  if (!info[0].IsExternal()) {
    throw to_js_error(info.Env(), Error(ErrorCode::ERR_USAGE, "a NativeAttack is made by createAttack"));
  }
  const Seed& seed = *info[0].As<Napi::External<Seed>>().Data();
  attack_ = seed.attack;
  shape_ = seed.shape;
}

Napi::Value AttackObject::apply(const Napi::CallbackInfo& info) {
  return with_js_errors(info.Env(), [&]() -> Napi::Value {
    if (!attack_) throw Error(ErrorCode::ERR_DISPOSED, "the attack was disposed");
    if (!info[1].IsNumber()) throw Error(ErrorCode::ERR_CONFIG, "expected a number of images");
    const int64_t count = info[1].As<Napi::Number>().Int64Value();
    const at::Tensor images = copy_floats(info, 0, {count, shape_.channels, shape_.height, shape_.width}, "images");
    const JobWork work = [attack = attack_, images](const CancelFlag& cancelled, const ProgressSink&) -> ValueMaker {
      use_threads(1);
      const at::Tensor stamped = stamp(*attack, images, cancelled);
      return [stamped](Napi::Env js) { return to_float_array(js, stamped); };
    };
    return addon_data(info.Env()).jobs.start(info.Env(), work).Get("promise");
  });
}

Napi::Value AttackObject::dispose(const Napi::CallbackInfo& info) {
  attack_.reset();
  return info.Env().Undefined();
}

Napi::Value create_attack(const Napi::CallbackInfo& info) {
  return with_js_errors(info.Env(), [&]() -> Napi::Value {
    const ImageShape shape = read_shape(object_argument(info, 1, "shape"));
    AttackPlan plan = read_attack(object_argument(info, 0, "attack"), shape);
    if (!info[2].IsArray()) throw Error(ErrorCode::ERR_CONFIG, "expected a list of tensor records");
    plan.attack->restore(read_tensor_records(info[2].As<Napi::Array>()));
    Seed seed{plan.attack, shape};
    return addon_data(info.Env()).attack_class.New({Napi::External<Seed>::New(info.Env(), &seed)});
  });
}

}  // namespace drmguard::binding
