// What the addon keeps per environment: nothing static holds JavaScript references, so worker threads are safe.
#pragma once

#include <napi.h>

#include "error/error.h"
#include "job.h"

namespace drmguard::binding {

struct AddonData {
  Napi::FunctionReference model_class;
  Napi::FunctionReference session_class;
  Napi::FunctionReference trainer_class;
  Napi::FunctionReference attack_class;
  Napi::FunctionReference tuner_class;
  JobRegistry jobs;
};

inline AddonData& addon_data(Napi::Env env) { return *env.GetInstanceData<AddonData>(); }

/// Runs a function that may throw core errors and lets them out as JavaScript errors with their code.
template <typename Function>
auto with_js_errors(Napi::Env env, Function&& function) -> decltype(function()) {
  try {
    return function();
  } catch (const Napi::Error&) {
    throw;
  } catch (...) {
    throw to_js_error(env, current_exception_as_error(ErrorCode::ERR_INTERNAL, ""));
  }
}

}  // namespace drmguard::binding
