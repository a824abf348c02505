// Trainers and tuners change while they work, unlike models and sessions: one piece of work at a time has them.
#pragma once

#include <mutex>
#include <string>

#include "error/error.h"

namespace drmguard::binding {

/// Holds what has a mutex `busy` for one piece of work; throws ERR_USAGE while another has it.
template <typename Shared>
std::unique_lock<std::mutex> hold(Shared& shared, const std::string& what) {
  std::unique_lock<std::mutex> lock(shared.busy, std::try_to_lock);
  if (!lock) throw Error(ErrorCode::ERR_USAGE, "the " + what + " is at work; wait for its promise first");
  return lock;
}

}  // namespace drmguard::binding
