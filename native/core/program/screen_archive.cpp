#include "program/screen_archive.h"

#include <sys/types.h>  // off_t, which the next header uses without declaring it

#include <caffe2/serialize/in_memory_adapter.h>
#include <caffe2/serialize/inline_container.h>

#include <array>
#include <cctype>
#include <memory>
#include <string>
#include <string_view>

#include "error/error.h"

namespace drmguard {
namespace {

using caffe2::serialize::MemoryReadAdapter;
using caffe2::serialize::PyTorchStreamReader;

/// Source text is small; a larger one is an attempt to exhaust memory.
constexpr size_t kLargestSource = size_t{64} << 20;
constexpr size_t kMostRecords = 200'000;

struct Suspect {
  std::string_view text;
  std::string_view meaning;
};

/// Texts of serialised TorchScript that must not occur. Loading runs __setstate__ before any graph could be checked,
/// and a custom class runs its own C++; the operators are named here too so that they are refused unparsed.
constexpr std::array<Suspect, 8> kSuspects = {{
    {"__setstate__", "a __setstate__ method, which would run while the file loads"},
    {"torch.classes", "a custom class, which would run its own code while the file loads"},
    {"torch.save(", "aten::save, which writes a file"},
    {"ops.aten.save(", "aten::save, which writes a file"},
    {"torch.from_file(", "aten::from_file, which reads a file"},
    {"ops.aten.from_file(", "aten::from_file, which reads a file"},
    {"ops.prim.PythonOp", "prim::PythonOp, which calls Python"},
    {"ops.prim.rpc", "a remote call"},
}};

std::string lower_case(std::string text) {
  for (char& letter : text) letter = static_cast<char>(std::tolower(static_cast<unsigned char>(letter)));
  return text;
}

/// Without blanks, so that none of them can split what is looked for.
std::string without_blanks(std::string_view text) {
  std::string dense;
  for (char letter : text) {
    if (std::isspace(static_cast<unsigned char>(letter)) == 0) dense += letter;
  }
  return dense;
}

/// LibTorch finds records whatever the case of their names, and code in any folder.
bool ends_with(const std::string& record, std::string_view ending) {
  const std::string name = lower_case(record);
  return name.size() >= ending.size() && name.compare(name.size() - ending.size(), ending.size(), ending) == 0;
}

/// Python operators are written ^Name(…); an exclusive or has a space behind its sign.
bool calls_python(std::string_view source) {
  for (size_t i = 0; i + 1 < source.size(); ++i) {
    const unsigned char next = static_cast<unsigned char>(source[i + 1]);
    if (source[i] == '^' && (std::isalpha(next) != 0 || next == '_')) return true;
  }
  return false;
}

void screen_text(const std::string& record, std::string_view text) {
  for (const Suspect& suspect : kSuspects) {
    if (text.find(suspect.text) != std::string_view::npos) {
      throw Error(ErrorCode::ERR_MODEL_UNSAFE,
                  "the model's record " + record + " contains " + std::string(suspect.meaning));
    }
  }
}

void screen_source(const std::string& record, std::string_view source) {
  if (calls_python(source)) {
    throw Error(ErrorCode::ERR_MODEL_UNSAFE,
                "the model's code (" + record + ") contains prim::PythonOp, which calls Python");
  }
  screen_text(record, without_blanks(source));
}

std::unique_ptr<PyTorchStreamReader> open_archive(const uint8_t* bytes, size_t size) {
  try {
    return std::make_unique<PyTorchStreamReader>(
        std::make_shared<MemoryReadAdapter>(bytes, static_cast<int64_t>(size)));
  } catch (...) {
    const Error error = current_exception_as_error(ErrorCode::ERR_MODEL_TRUNCATED, "expected a TorchScript archive");
    throw Error(ErrorCode::ERR_MODEL_TRUNCATED, error.what());
  }
}

}  // namespace

void screen_archive(const uint8_t* bytes, size_t size) {
  const auto archive = open_archive(bytes, size);
  const auto records = archive->getAllRecords();
  if (records.size() > kMostRecords) {
    throw Error(ErrorCode::ERR_MODEL_TOO_LARGE, "the archive holds " + std::to_string(records.size()) + " records; at most " +
                                                    std::to_string(kMostRecords) + " are read");
  }
  size_t sources = 0;
  size_t screened_bytes = 0;
  for (const std::string& record : records) {
    const size_t record_size = archive->getRecordSize(record);
    // Stored or deflated, no record of a real model is larger than what all of the file could hold a thousand times.
    if (record_size / 1032 > size) {
      throw Error(ErrorCode::ERR_MODEL_TOO_LARGE, "record " + record + " claims " + std::to_string(record_size) +
                                                      " bytes in a file of " + std::to_string(size));
    }
    if (lower_case(record) == "model.json") {
      throw Error(ErrorCode::ERR_MODEL_UNSUPPORTED, "the archive has the layout of PyTorch before 1.2");
    }
    const bool source = ends_with(record, ".py");
    if (!source && !ends_with(record, ".pkl")) continue;
    screened_bytes += record_size;
    if (screened_bytes > kLargestSource) {
      throw Error(ErrorCode::ERR_MODEL_TOO_LARGE, "the archive's code and structure are larger than 64 MiB");
    }
    const auto [data, length] = archive->getRecord(record);
    const std::string_view text(static_cast<const char*>(data.get()), length);
    source ? screen_source(record, text) : screen_text(record, text);
    if (source) ++sources;
  }
  if (sources == 0) {
    throw Error(ErrorCode::ERR_MODEL_FORMAT,
                "expected a TorchScript archive with code; this archive holds " + std::to_string(records.size()) +
                    " records and none of them is code");
  }
}

}  // namespace drmguard
