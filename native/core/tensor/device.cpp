#include "tensor/device.h"

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <ATen/ops/zeros.h>

#include <algorithm>

#include "error/error.h"

namespace drmguard {
namespace {

/// Why CUDA cannot be used, or empty. Touching the device is the only proof that it works.
std::string cuda_obstacle(int index) {
  if (!at::globalContext().hasCUDA()) {
    return at::hasCUDA() ? "no usable CUDA driver or GPU was found"
                         : "this LibTorch was built without CUDA; set LIBTORCH to a CUDA build and run npx drmguard setup";
  }
  try {
    at::zeros({1}, at::TensorOptions().device(at::kCUDA, static_cast<c10::DeviceIndex>(index))).sum().item<float>();
    return "";
  } catch (...) {
    return current_exception_as_error(ErrorCode::ERR_DEVICE, "CUDA").what();
  }
}

int cuda_devices() {
  return at::globalContext().hasCUDA()
             ? static_cast<int>(at::globalContext().getAcceleratorHooksInterface(at::kCUDA).deviceCount())
             : 0;
}

}  // namespace

std::vector<DeviceFacts> list_devices() {
  std::vector<DeviceFacts> devices = {{"cpu", true, cpu_capability() + ", " + std::to_string(default_threads()) + " threads"}};
  const int count = cuda_devices();
  for (int i = 0; i < std::max(count, 1); ++i) {
    const std::string obstacle = cuda_obstacle(i);
    devices.push_back({"cuda:" + std::to_string(i), obstacle.empty(), obstacle.empty() ? "CUDA device" : obstacle});
  }
  return devices;
}

at::Device require_device(const std::string& name) {
  std::optional<at::Device> device;
  try {
    device = at::Device(name);
  } catch (const c10::Error&) {
    throw Error(ErrorCode::ERR_DEVICE, "expected a device such as cpu or cuda:0, got '" + name + "'");
  }
  if (device->is_cpu()) return *device;
  if (!device->is_cuda()) throw Error(ErrorCode::ERR_DEVICE, "expected cpu or cuda:N, got '" + name + "'");
  const int index = device->has_index() ? device->index() : 0;
  const std::string obstacle = cuda_obstacle(index);
  if (!obstacle.empty()) throw Error(ErrorCode::ERR_DEVICE, name + " is not available: " + obstacle);
  return at::Device(at::kCUDA, static_cast<c10::DeviceIndex>(index));
}

int default_threads() { return at::intraop_default_num_threads(); }

void use_threads(int threads) { at::set_num_threads(std::max(threads, 1)); }

std::string cpu_capability() { return at::get_cpu_capability(); }

}  // namespace drmguard
