// TensorRecord of lib/native/addon.ts, and the constants of programs, which are records with strides.
#pragma once

#include <ATen/core/Tensor.h>
#include <napi.h>

#include <string>

#include "tensor/named_tensor.h"

namespace drmguard::binding {

/// "float32" → at::kFloat; throws ERR_MODEL_UNSUPPORTED for an unknown name.
at::ScalarType element_type(const std::string& name);

/// Copies one tensor, contiguous; checks its offset and extent against the data given.
at::Tensor read_tensor(const Napi::Object& record, const std::string& name);

NamedTensors read_tensor_records(const Napi::Array& records);
Napi::Array write_tensor_records(Napi::Env env, const NamedTensors& tensors);

}  // namespace drmguard::binding
