#include "program_reader.h"

#include "error/error.h"
#include "tensor_record.h"
#include "values.h"

namespace drmguard::binding {
namespace {

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
    spec.constants.emplace_back(name, read_tensor(constant, name));
  }
  spec.inputs = read_names(array_of(program, "inputs"));
  const Napi::Array nodes = array_of(program, "nodes");
  for (uint32_t i = 0; i < nodes.Length(); ++i) spec.nodes.push_back(read_node(nodes.Get(i).As<Napi::Object>()));
  spec.outputs = read_names(array_of(program, "outputs"));
  return spec;
}

}  // namespace drmguard::binding
