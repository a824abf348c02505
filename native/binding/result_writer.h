// Core results → the plain objects of lib/native/addon.ts.
#pragma once

#include <napi.h>

#include "inversion/inversion.h"
#include "model/regression_model.h"
#include "probe/probe_sweep.h"
#include "probe/wave_sweep.h"
#include "session/session.h"

namespace drmguard::binding {

Napi::Object write_model_description(Napi::Env env, const LoadedModel& model);
Napi::Object write_session_facts(Napi::Env env, const Session& session);
Napi::Object write_probe_result(Napi::Env env, const ProbeResult& result);
Napi::Object write_wave_sweep_result(Napi::Env env, const WaveSweepResult& result);
Napi::Object write_inversion_progress(Napi::Env env, const InversionProgress& progress);
Napi::Object write_inversion_outcome(Napi::Env env, const InversionOutcome& outcome);
Napi::Object write_inversion_result(Napi::Env env, const InversionResult& result);

}  // namespace drmguard::binding
