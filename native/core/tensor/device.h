// Devices are values: "cpu", "cuda:0". The same code runs on all of them.
#pragma once

#include <c10/core/Device.h>

#include <string>
#include <vector>

namespace drmguard {

struct DeviceFacts {
  std::string device;
  bool available = false;
  /// The device's name, or why it is not available.
  std::string detail;
};

/// Every device that this build could use; the first is cpu.
std::vector<DeviceFacts> list_devices();

/// Parses and checks a device. Throws ERR_DEVICE with the reason when it cannot be used.
at::Device require_device(const std::string& name);

/// Threads that one job uses when none are asked for.
int default_threads();

/// Sets LibTorch's thread count for the calling thread; it is per thread, so every job calls this first.
void use_threads(int threads);

/// Instruction set of LibTorch's CPU kernels, for example "AVX512".
std::string cpu_capability();

}  // namespace drmguard
