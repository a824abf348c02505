// drmguard_core_tests            runs every test
// drmguard_core_tests NAME…      runs these; 77 when all of them were skipped
// drmguard_core_tests --list     lists the names
#include <cmath>
#include <cstdio>
#include <cstring>

#include "check.h"

namespace drmguard::check {
namespace {

int failures = 0;

}  // namespace

std::vector<Test>& tests() {
  static std::vector<Test> all;
  return all;
}

void fail(const char* file, int line, const std::string& message) {
  ++failures;
  std::printf("%s:%d: %s\n", file, line, message.c_str());
}

void near(double actual, double expected, double tolerance, const char* what, const char* file, int line) {
  // Written so that NaN fails.
  if (std::abs(actual - expected) <= tolerance) return;
  char text[256];
  std::snprintf(text, sizeof text, " = %.9g, expected %.9g ± %.3g", actual, expected, tolerance);
  fail(file, line, what + std::string(text));
}

void all_near(const std::vector<double>& actual, const std::vector<double>& expected, double tolerance,
              const char* what, const char* file, int line) {
  if (actual.size() != expected.size()) {
    fail(file, line, std::string(what) + " has " + std::to_string(actual.size()) + " numbers, expected " +
                         std::to_string(expected.size()));
    return;
  }
  for (size_t i = 0; i < actual.size(); ++i) {
    const std::string element = std::string(what).append("[").append(std::to_string(i)).append("]");
    near(actual[i], expected[i], tolerance, element.c_str(), file, line);
  }
}

void throws_code(const std::function<void()>& action, ErrorCode code, const std::string& part, const char* what,
                 const char* file, int line) {
  const std::string expected = error_code_name(code);
  try {
    action();
  } catch (const Error& error) {
    const std::string text = error.what();
    if (error.code() != code || text.find(part) == std::string::npos) {
      fail(file, line, std::string(what) + " threw " + error_code_name(error.code()) + " (" + text + "), expected " +
                           expected + " with '" + part + "'");
    }
    return;
  } catch (const std::exception& error) {
    fail(file, line, std::string(what) + " threw '" + error.what() + "', expected " + expected);
    return;
  }
  fail(file, line, std::string(what) + " threw nothing, expected " + expected);
}

}  // namespace drmguard::check

namespace {

enum class Result { passed, failed, skipped };

Result run(const drmguard::check::Test& test) {
  const int before = drmguard::check::failures;
  try {
    test.body();
  } catch (const drmguard::check::Skipped& skipped) {
    std::printf("skipped %s: %s\n", test.name.c_str(), skipped.reason.c_str());
    return Result::skipped;
  } catch (const std::exception& error) {
    drmguard::check::fail(test.name.c_str(), 0, std::string("unexpected exception: ") + error.what());
  }
  const bool passed = drmguard::check::failures == before;
  std::printf("%s %s\n", passed ? "passed" : "FAILED", test.name.c_str());
  std::fflush(stdout);
  return passed ? Result::passed : Result::failed;
}

bool wanted(const std::string& name, int count, char** names) {
  for (int i = 1; i < count; ++i) {
    if (name == names[i]) return true;
  }
  return count < 2;
}

}  // namespace

int main(int count, char** arguments) {
  if (count == 2 && std::strcmp(arguments[1], "--list") == 0) {
    for (const auto& test : drmguard::check::tests()) std::printf("%s\n", test.name.c_str());
    return 0;
  }
  int ran = 0;
  int failed = 0;
  int skipped = 0;
  for (const auto& test : drmguard::check::tests()) {
    if (!wanted(test.name, count, arguments)) continue;
    ++ran;
    const Result result = run(test);
    failed += result == Result::failed ? 1 : 0;
    skipped += result == Result::skipped ? 1 : 0;
  }
  std::printf("%d tests, %d failed, %d skipped\n", ran, failed, skipped);
  if (ran == 0 || failed > 0 || (count > 2 && ran != count - 1)) return 1;
  return skipped == ran ? 77 : 0;
}
