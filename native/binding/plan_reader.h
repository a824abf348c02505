// Options and plans of lib/native/addon.ts → core structs.
#pragma once

#include <napi.h>

#include "inversion/inversion.h"
#include "probe/probe_sweep.h"
#include "probe/innocent_content.h"
#include "probe/wave_sweep.h"
#include "session/session.h"

namespace drmguard::binding {

/// A plan's 'seed', 0 or more.
uint64_t seed_of(const Napi::Object& plan);
/// A plan's 'threads', 1 to 4096.
int threads_of(const Napi::Object& plan);

/// A PixelTransform of lib/native/addon.ts.
PixelTransform read_pixels(const Napi::Object& pixels);
SessionOptions read_session_options(const Napi::Object& options);
/// count, channels, height, width.
std::vector<int64_t> read_image_shape(const Napi::Object& options);
ProbePlan read_probe_plan(const Napi::Object& plan);
InnocentContentPlan read_innocent_content_plan(const Napi::Object& plan);
WaveSweepPlan read_wave_sweep_plan(const Napi::Object& plan);
/// images: N×C×H×W of the session; the plan's other images are of the same size.
InversionPlan read_inversion_plan(const Napi::Object& plan, at::IntArrayRef images);

}  // namespace drmguard::binding
