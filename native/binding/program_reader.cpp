#include "program_reader.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>

#include <map>

#include "error/error.h"
#include "values.h"

namespace drmguard::binding {
namespace {

at::ScalarType element_type(const std::string& name) {
  static const std::map<std::string, at::ScalarType> types = {
      {"float32", at::kFloat}, {"float64", at::kDouble}, {"float16", at::kHalf}, {"bfloat16", at::kBFloat16},
      {"int64", at::kLong},    {"int32", at::kInt},      {"int16", at::kShort},  {"int8", at::kChar},
      {"uint8", at::kByte},    {"bool", at::kBool}};
  const auto found = types.find(name);
  if (found == types.end()) throw Error(ErrorCode::ERR_MODEL_UNSUPPORTED, "unknown element type '" + name + "'");
  return found->second;
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

at::Tensor read_constant(const Napi::Object& constant, const std::string& name) {
  const at::ScalarType type = element_type(text_of(constant, "dtype"));
  const std::vector<int64_t> shape = integers_of(constant, "shape");
  const bool given = constant.Has("strides") && !constant.Get("strides").IsUndefined();
  const std::vector<int64_t> strides = given ? integers_of(constant, "strides") : contiguous_strides(shape);
  const bool has_offset = constant.Has("storageOffset") && !constant.Get("storageOffset").IsUndefined();
  const int64_t offset = has_offset ? integer_of(constant, "storageOffset") : 0;
  const Napi::Value data = constant.Get("data");
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

SpecArgument read_argument(const Napi::Object& value) {
  const std::string kind = text_of(value, "kind");
  if (kind == "none") return c10::IValue();
  if (kind == "value") return ValueReference{text_of(value, "name")};
  if (kind == "bool") return c10::IValue(boolean_of(value, "value"));
  if (kind == "int") return c10::IValue(integer_of(value, "value"));
  if (kind == "string") return c10::IValue(text_of(value, "value"));
  if (kind == "dtype") return c10::IValue(static_cast<int64_t>(element_type(text_of(value, "value"))));
  if (kind == "floats") return c10::IValue(c10::List<double>(numbers_of(value, "values")));
  if (kind == "float") {
    // Infinity is a legitimate literal (masks, clamps), so number_of's finiteness does not apply.
    const Napi::Value number = value.Get("value");
    if (!number.IsNumber()) throw Error(ErrorCode::ERR_CONFIG, "expected a number as float literal");
    return c10::IValue(number.As<Napi::Number>().DoubleValue());
  }
  if (kind == "bools") {
    const Napi::Array array = array_of(value, "values");
    c10::List<bool> list;
    for (uint32_t i = 0; i < array.Length(); ++i) list.push_back(array.Get(i).ToBoolean());
    return c10::IValue(list);
  }
  if (kind == "values") {
    const Napi::Array array = array_of(value, "names");
    ValueReferences references;
    for (uint32_t i = 0; i < array.Length(); ++i) {
      const Napi::Value name = array.Get(i);
      references.names.push_back(name.IsString() ? std::optional<std::string>(name.As<Napi::String>()) : std::nullopt);
    }
    return references;
  }
  if (kind == "ints") {
    const Napi::Array array = array_of(value, "values");
    IntegerList list;
    for (uint32_t i = 0; i < array.Length(); ++i) {
      const Napi::Value element = array.Get(i);
      if (element.IsString()) {
        list.elements.emplace_back(std::string(element.As<Napi::String>()));
      } else {
        list.elements.emplace_back(element.ToNumber().Int64Value());
      }
    }
    return list;
  }
  throw Error(ErrorCode::ERR_MODEL_UNSUPPORTED, "unknown kind of argument '" + kind + "'");
}

NodeSpec read_node(const Napi::Object& node) {
  NodeSpec spec;
  spec.operator_name = text_of(node, "operator");
  const Napi::Array arguments = array_of(node, "arguments");
  for (uint32_t i = 0; i < arguments.Length(); ++i) {
    const Napi::Object argument = arguments.Get(i).As<Napi::Object>();
    spec.arguments.emplace_back(text_of(argument, "name"), read_argument(object_of(argument, "value")));
  }
  const Napi::Array outputs = array_of(node, "outputs");
  for (uint32_t i = 0; i < outputs.Length(); ++i) {
    const Napi::Value output = outputs.Get(i);
    std::vector<std::string> names;
    if (output.IsArray()) {
      const Napi::Array list = output.As<Napi::Array>();
      for (uint32_t j = 0; j < list.Length(); ++j) names.push_back(list.Get(j).ToString());
      spec.returns_list = true;
    } else {
      names.push_back(output.ToString());
    }
    spec.outputs.push_back(std::move(names));
  }
  return spec;
}

std::vector<std::string> read_names(const Napi::Array& array) {
  std::vector<std::string> names;
  for (uint32_t i = 0; i < array.Length(); ++i) names.push_back(array.Get(i).ToString());
  return names;
}

}  // namespace

ProgramSpec read_program(const Napi::Object& program) {
  ProgramSpec spec;
  const Napi::Array constants = array_of(program, "constants");
  for (uint32_t i = 0; i < constants.Length(); ++i) {
    const Napi::Object constant = constants.Get(i).As<Napi::Object>();
    const std::string name = text_of(constant, "name");
    spec.constants.emplace_back(name, read_constant(constant, name));
  }
  spec.inputs = read_names(array_of(program, "inputs"));
  const Napi::Array nodes = array_of(program, "nodes");
  for (uint32_t i = 0; i < nodes.Length(); ++i) spec.nodes.push_back(read_node(nodes.Get(i).As<Napi::Object>()));
  spec.outputs = read_names(array_of(program, "outputs"));
  return spec;
}

}  // namespace drmguard::binding
