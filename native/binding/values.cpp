#include "values.h"

#include <ATen/ops/empty.h>

#include <cmath>
#include <cstring>

#include "error/error.h"

namespace drmguard::binding {
namespace {

[[noreturn]] void wrong(const char* name, const char* expected) {
  throw Error(ErrorCode::ERR_CONFIG, std::string("expected ") + expected + " for '" + name + "'");
}

int64_t whole(double value, const char* name) {
  if (!(std::abs(value) <= 9007199254740991.0) || value != std::trunc(value)) wrong(name, "a whole number");
  return static_cast<int64_t>(value);
}

at::Tensor copy_elements(const Napi::TypedArray& array, at::IntArrayRef shape, at::ScalarType type, const char* name) {
  int64_t expected = 1;
  for (int64_t extent : shape) {
    if (extent < 1 || extent > (int64_t{1} << 40) / expected) wrong(name, "a sensible positive shape");
    expected *= extent;
  }
  if (static_cast<int64_t>(array.ElementLength()) != expected) {
    throw Error(ErrorCode::ERR_CONFIG, "expected " + std::to_string(expected) + " numbers for '" + name + "', got " +
                                           std::to_string(array.ElementLength()));
  }
  at::Tensor tensor = at::empty(shape, at::TensorOptions().dtype(type));
  const auto* data = static_cast<const uint8_t*>(array.ArrayBuffer().Data()) + array.ByteOffset();
  std::memcpy(tensor.mutable_data_ptr(), data, array.ByteLength());
  return tensor;
}

at::Tensor floats_from(const Napi::Value& value, at::IntArrayRef shape, const char* name) {
  if (!value.IsTypedArray() || value.As<Napi::TypedArray>().TypedArrayType() != napi_float32_array) {
    wrong(name, "a Float32Array");
  }
  return copy_elements(value.As<Napi::TypedArray>(), shape, at::kFloat, name);
}

at::Tensor bytes_from(const Napi::Value& value, at::IntArrayRef shape, const char* name) {
  if (!value.IsTypedArray() || value.As<Napi::TypedArray>().TypedArrayType() != napi_uint8_array) {
    wrong(name, "a Uint8Array");
  }
  return copy_elements(value.As<Napi::TypedArray>(), shape, at::kByte, name);
}

std::vector<double> numbers_from(const Napi::Array& array, const char* name) {
  std::vector<double> values;
  for (uint32_t i = 0; i < array.Length(); ++i) {
    const Napi::Value value = array.Get(i);
    if (!value.IsNumber()) wrong(name, "an array of numbers");
    values.push_back(value.As<Napi::Number>().DoubleValue());
  }
  return values;
}

}  // namespace

void unknown_value(const char* name, const std::string& value) {
  throw Error(ErrorCode::ERR_CONFIG, "unknown " + std::string(name) + " '" + value + "'");
}

double number_of(const Napi::Object& object, const char* name) {
  const Napi::Value value = object.Get(name);
  if (!value.IsNumber() || !std::isfinite(value.As<Napi::Number>().DoubleValue())) wrong(name, "a finite number");
  return value.As<Napi::Number>().DoubleValue();
}

int64_t integer_of(const Napi::Object& object, const char* name) { return whole(number_of(object, name), name); }

bool boolean_of(const Napi::Object& object, const char* name) {
  const Napi::Value value = object.Get(name);
  if (!value.IsBoolean()) wrong(name, "true or false");
  return value.As<Napi::Boolean>();
}

std::string text_of(const Napi::Object& object, const char* name) {
  const Napi::Value value = object.Get(name);
  if (!value.IsString()) wrong(name, "a string");
  return value.As<Napi::String>();
}

std::string optional_text_of(const Napi::Object& object, const char* name) {
  const Napi::Value value = object.Get(name);
  return value.IsNull() || value.IsUndefined() ? std::string() : text_of(object, name);
}

Napi::Object object_of(const Napi::Object& object, const char* name) {
  const Napi::Value value = object.Get(name);
  if (!value.IsObject()) wrong(name, "an object");
  return value.As<Napi::Object>();
}

Napi::Array array_of(const Napi::Object& object, const char* name) {
  const Napi::Value value = object.Get(name);
  if (!value.IsArray()) wrong(name, "an array");
  return value.As<Napi::Array>();
}

std::vector<double> numbers_of(const Napi::Object& object, const char* name) {
  return numbers_from(array_of(object, name), name);
}

std::vector<std::vector<double>> number_rows_of(const Napi::Object& object, const char* name) {
  const Napi::Array array = array_of(object, name);
  std::vector<std::vector<double>> rows;
  for (uint32_t i = 0; i < array.Length(); ++i) {
    const Napi::Value row = array.Get(i);
    if (!row.IsArray()) wrong(name, "a list of arrays of numbers");
    rows.push_back(numbers_from(row.As<Napi::Array>(), name));
  }
  return rows;
}

std::vector<int64_t> integers_of(const Napi::Object& object, const char* name) {
  std::vector<int64_t> values;
  for (double value : numbers_of(object, name)) values.push_back(whole(value, name));
  return values;
}

Napi::Object object_argument(const Napi::CallbackInfo& info, size_t index, const char* name) {
  if (!info[index].IsObject()) wrong(name, "an object");
  return info[index].As<Napi::Object>();
}

at::Tensor copy_floats(const Napi::CallbackInfo& info, size_t index, at::IntArrayRef shape, const char* name) {
  return floats_from(info[index], shape, name);
}

at::Tensor copy_bytes(const Napi::CallbackInfo& info, size_t index, at::IntArrayRef shape, const char* name) {
  return bytes_from(info[index], shape, name);
}

at::Tensor floats_of(const Napi::Object& object, const char* name, at::IntArrayRef shape) {
  return floats_from(object.Get(name), shape, name);
}

at::Tensor bytes_of(const Napi::Object& object, const char* name, at::IntArrayRef shape) {
  return bytes_from(object.Get(name), shape, name);
}

Napi::Array to_array(Napi::Env env, const std::vector<double>& values) {
  Napi::Array array = Napi::Array::New(env, values.size());
  for (uint32_t i = 0; i < values.size(); ++i) array.Set(i, Napi::Number::New(env, values[i]));
  return array;
}

Napi::Value to_array_or_null(Napi::Env env, const std::vector<double>& values) {
  if (values.empty()) return env.Null();
  return to_array(env, values);
}

Napi::Uint8Array to_byte_array(Napi::Env env, const std::string& bytes) {
  Napi::Uint8Array array = Napi::Uint8Array::New(env, bytes.size());
  std::memcpy(array.Data(), bytes.data(), bytes.size());
  return array;
}

Napi::Float32Array to_float_array(Napi::Env env, const at::Tensor& tensor) {
  if (!tensor.defined()) return Napi::Float32Array::New(env, 0);
  const at::Tensor flat = tensor.to(at::kCPU, at::kFloat).contiguous();
  Napi::Float32Array array = Napi::Float32Array::New(env, static_cast<size_t>(flat.numel()));
  if (flat.numel() > 0) std::memcpy(array.Data(), flat.const_data_ptr<float>(), array.ByteLength());
  return array;
}

}  // namespace drmguard::binding
