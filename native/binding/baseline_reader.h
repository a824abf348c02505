// Baseline plans of lib/native/addon.ts → core structs, and their results back.
#pragma once

#include <napi.h>

#include "baseline/baseline.h"

namespace drmguard::binding {

BaselinePlan read_baseline_plan(const Napi::Object& plan);
Napi::Object write_baseline_progress(Napi::Env env, const BaselineProgress& progress);
Napi::Object write_baseline_result(Napi::Env env, const BaselineResult& result);

}  // namespace drmguard::binding
