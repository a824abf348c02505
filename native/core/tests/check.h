// Checks for the core's tests (docs/decisions/0005): they print where they failed, are counted, and let the test go on.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "error/error.h"

namespace drmguard::check {

struct Test {
  std::string name;
  std::function<void()> body;
};

/// All tests of the executable, in the order of registration.
std::vector<Test>& tests();

struct Registration {
  Registration(const char* name, void (*body)()) { tests().push_back({name, body}); }
};

/// Ends a test that cannot run here; the reason is printed and ctest lists the test as skipped.
struct Skipped {
  std::string reason;
};

void fail(const char* file, int line, const std::string& message);
void near(double actual, double expected, double tolerance, const char* what, const char* file, int line);
/// tolerance is absolute.
void all_near(const std::vector<double>& actual, const std::vector<double>& expected, double tolerance,
              const char* what, const char* file, int line);
void throws_code(const std::function<void()>& action, ErrorCode code, const std::string& part, const char* what,
                 const char* file, int line);

}  // namespace drmguard::check

/// Registers a test. CMake reads these lines: one per line, lower case.
#define TEST(name)                                                     \
  static void test_##name();                                           \
  static const drmguard::check::Registration registration_##name(#name, test_##name); \
  static void test_##name()

// LibTorch's own CHECK ends the process.
#undef CHECK
#define CHECK(condition)                                                    \
  do {                                                                      \
    if (!(condition)) drmguard::check::fail(__FILE__, __LINE__, #condition); \
  } while (false)

#define CHECK_NEAR(actual, expected, tolerance) \
  drmguard::check::near(actual, expected, tolerance, #actual, __FILE__, __LINE__)

#define CHECK_ALL_NEAR(actual, expected, tolerance) \
  drmguard::check::all_near(actual, expected, tolerance, #actual, __FILE__, __LINE__)

/// The action throws an Error with this code, whose message contains `part`.
#define CHECK_THROWS_CODE(action, code, part) \
  drmguard::check::throws_code([&] { (void)(action); }, drmguard::ErrorCode::code, part, #action, __FILE__, __LINE__)
