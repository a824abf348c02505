// lib/native/addon.ts ProgramSpec → core ProgramSpec.
#pragma once

#include <napi.h>

#include "program/program_spec.h"

namespace drmguard::binding {

/// Copies all weights; checks every offset and extent against the data given.
ProgramSpec read_program(const Napi::Object& program);

}  // namespace drmguard::binding
