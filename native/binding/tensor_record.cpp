#include "tensor_record.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>

#include <cstring>
#include <utility>

#include "error/error.h"
#include "values.h"

namespace drmguard::binding {
namespace {

constexpr std::pair<const char*, at::ScalarType> kElementTypes[] = {
    {"float32", at::kFloat}, {"float64", at::kDouble}, {"float16", at::kHalf}, {"bfloat16", at::kBFloat16},
    {"int64", at::kLong},    {"int32", at::kInt},      {"int16", at::kShort},  {"int8", at::kChar},
    {"uint8", at::kByte},    {"bool", at::kBool}};

const char* element_name(at::ScalarType type) {
  for (const auto& [name, known] : kElementTypes) {
    if (type == known) return name;
  }
  throw Error(ErrorCode::ERR_INTERNAL, "a tensor has an element type without a name");
}

/// Elements from the storage's start to the last one that the view touches, or −1 on nonsense.
int64_t view_extent(const std::vector<int64_t>& shape, const std::vector<int64_t>& strides, int64_t offset) {
  constexpr int64_t kLimit = int64_t{1} << 40;
  if (offset < 0 || offset > kLimit || shape.size() != strides.size()) return -1;
  int64_t last = offset;
  for (size_t i = 0; i < shape.size(); ++i) {
    if (shape[i] < 0 || strides[i] < 0 || shape[i] > kLimit || strides[i] > kLimit) return -1;
    if (shape[i] == 0) return 0;
    if (strides[i] != 0 && shape[i] - 1 > (kLimit - last) / strides[i]) return -1;
    last += (shape[i] - 1) * strides[i];
  }
  return last + 1;
}

std::vector<int64_t> contiguous_strides(const std::vector<int64_t>& shape) {
  std::vector<int64_t> strides(shape.size(), 1);
  for (size_t i = shape.size(); i-- > 1;) strides[i - 1] = strides[i] * shape[i];
  return strides;
}

}  // namespace

at::ScalarType element_type(const std::string& name) {
  for (const auto& [known, type] : kElementTypes) {
    if (name == known) return type;
  }
  throw Error(ErrorCode::ERR_MODEL_UNSUPPORTED, "unknown element type '" + name + "'");
}

at::Tensor read_tensor(const Napi::Object& record, const std::string& name) {
  const at::ScalarType type = element_type(text_of(record, "dtype"));
  const std::vector<int64_t> shape = integers_of(record, "shape");
  const bool given = record.Has("strides") && !record.Get("strides").IsUndefined();
  const std::vector<int64_t> strides = given ? integers_of(record, "strides") : contiguous_strides(shape);
  const bool has_offset = record.Has("storageOffset") && !record.Get("storageOffset").IsUndefined();
  const int64_t offset = has_offset ? integer_of(record, "storageOffset") : 0;
  const Napi::Value data = record.Get("data");
  if (!data.IsTypedArray() || data.As<Napi::TypedArray>().TypedArrayType() != napi_uint8_array) {
    throw Error(ErrorCode::ERR_CONFIG, "expected a Uint8Array as data of the weight '" + name + "'");
  }
  const auto bytes = data.As<Napi::Uint8Array>();
  const int64_t extent = view_extent(shape, strides, offset);
  const int64_t width = static_cast<int64_t>(c10::elementSize(type));
  if (extent < 0 || extent > static_cast<int64_t>(bytes.ByteLength()) / width) {
    throw Error(ErrorCode::ERR_MODEL_FORMAT, "the weight '" + name + "' reaches beyond its data");
  }
  const at::TensorOptions options = at::TensorOptions().dtype(type);
  if (extent == 0) return at::empty(shape, options);
  // An unaligned view is copied byte by byte first; LibTorch's kernels expect aligned elements.
  std::vector<uint8_t> aligned(bytes.Data() + offset * width, bytes.Data() + extent * width);
  return at::from_blob(aligned.data(), shape, strides, options).clone(at::MemoryFormat::Contiguous);
}

NamedTensors read_tensor_records(const Napi::Array& records) {
  NamedTensors tensors;
  for (uint32_t i = 0; i < records.Length(); ++i) {
    const Napi::Value record = records.Get(i);
    if (!record.IsObject()) throw Error(ErrorCode::ERR_CONFIG, "expected a list of tensor records");
    const std::string name = text_of(record.As<Napi::Object>(), "name");
    tensors.push_back({name, read_tensor(record.As<Napi::Object>(), name)});
  }
  return tensors;
}

Napi::Array write_tensor_records(Napi::Env env, const NamedTensors& tensors) {
  Napi::Array records = Napi::Array::New(env, tensors.size());
  for (uint32_t i = 0; i < tensors.size(); ++i) {
    const at::Tensor tensor = tensors[i].tensor.cpu().contiguous();
    Napi::Array shape = Napi::Array::New(env, static_cast<size_t>(tensor.dim()));
    for (uint32_t axis = 0; axis < shape.Length(); ++axis) {
      shape.Set(axis, Napi::Number::New(env, static_cast<double>(tensor.size(axis))));
    }
    Napi::Uint8Array data = Napi::Uint8Array::New(env, tensor.nbytes());
    if (tensor.nbytes() > 0) std::memcpy(data.Data(), tensor.const_data_ptr(), tensor.nbytes());
    Napi::Object record = Napi::Object::New(env);
    record.Set("name", tensors[i].name);
    record.Set("dtype", element_name(tensor.scalar_type()));
    record.Set("shape", shape);
    record.Set("data", data);
    records.Set(i, record);
  }
  return records;
}

}  // namespace drmguard::binding
