// Reading plain JavaScript values and writing numbers back. Every reader names the property that is wrong.
#pragma once

#include <ATen/core/Tensor.h>
#include <napi.h>

#include <string>
#include <vector>

namespace drmguard::binding {

/// Throws ERR_CONFIG: the value is none of those that the property may have.
[[noreturn]] void unknown_value(const char* name, const std::string& value);

double number_of(const Napi::Object& object, const char* name);
int64_t integer_of(const Napi::Object& object, const char* name);
bool boolean_of(const Napi::Object& object, const char* name);
std::string text_of(const Napi::Object& object, const char* name);
/// Empty for null and undefined.
std::string optional_text_of(const Napi::Object& object, const char* name);
std::vector<double> numbers_of(const Napi::Object& object, const char* name);
/// A list of lists of numbers.
std::vector<std::vector<double>> number_rows_of(const Napi::Object& object, const char* name);
std::vector<int64_t> integers_of(const Napi::Object& object, const char* name);
Napi::Object object_of(const Napi::Object& object, const char* name);
Napi::Array array_of(const Napi::Object& object, const char* name);
/// The argument as an object; throws ERR_CONFIG naming it otherwise.
Napi::Object object_argument(const Napi::CallbackInfo& info, size_t index, const char* name);

/// A copy of a Float32Array argument as a tensor of the given shape; throws when the lengths differ.
at::Tensor copy_floats(const Napi::CallbackInfo& info, size_t index, at::IntArrayRef shape, const char* name);

/// The same for a Uint8Array.
at::Tensor copy_bytes(const Napi::CallbackInfo& info, size_t index, at::IntArrayRef shape, const char* name);

/// The same for properties.
at::Tensor floats_of(const Napi::Object& object, const char* name, at::IntArrayRef shape);
at::Tensor bytes_of(const Napi::Object& object, const char* name, at::IntArrayRef shape);

Napi::Array to_array(Napi::Env env, const std::vector<double>& values);
/// null when empty.
Napi::Value to_array_or_null(Napi::Env env, const std::vector<double>& values);
/// Bytes, copied into memory that JavaScript owns.
Napi::Uint8Array to_byte_array(Napi::Env env, const std::string& bytes);
/// The elements of a tensor, copied into memory that JavaScript owns.
/// Empty for an undefined tensor.
Napi::Float32Array to_float_array(Napi::Env env, const at::Tensor& tensor);

}  // namespace drmguard::binding
