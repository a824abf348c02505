// Options and plans of lib/native/addon.ts → core structs.
#pragma once

#include <napi.h>

#include "inversion/inversion.h"
#include "probe/probe_sweep.h"
#include "session/session.h"

namespace drmguard::binding {

SessionOptions read_session_options(const Napi::Object& options);
/// count, channels, height, width.
std::vector<int64_t> read_image_shape(const Napi::Object& options);
ProbePlan read_probe_plan(const Napi::Object& plan);
InversionPlan read_inversion_plan(const Napi::Object& plan);

}  // namespace drmguard::binding
