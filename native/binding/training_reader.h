// The training part of lib/native/addon.ts → core.
#pragma once

#include <napi.h>

#include "training/training_plan.h"

namespace drmguard::binding {

ArchitectureSpec read_architecture(const Napi::Object& spec);
ImageShape read_shape(const Napi::Object& shape);
AttackPlan read_attack(const Napi::Object& attack, const ImageShape& shape);
/// A plan's 'loss'.
TrainingLoss loss_of(const Napi::Object& plan);
TrainingPlan read_training_plan(const Napi::Object& plan);

}  // namespace drmguard::binding
