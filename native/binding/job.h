// Work off the JavaScript thread: every job has a thread of its own (never libuv's pool, which the file system shares),
// reports progress, can be cancelled, and is joined before its environment goes away.
#pragma once

#include <napi.h>

#include <functional>
#include <list>
#include <memory>
#include <thread>

#include "error/error.h"
#include "session/session.h"

namespace drmguard::binding {

/// Runs on the JavaScript thread and builds the value that a job's numbers become there.
using ValueMaker = std::function<Napi::Value(Napi::Env)>;
/// Called on the job's thread; hands a progress value over to the JavaScript thread.
using ProgressSink = std::function<void(ValueMaker)>;
/// Runs on the job's thread.
using JobWork = std::function<ValueMaker(const CancelFlag& cancelled, const ProgressSink& progress)>;

/// The running jobs of one environment (main thread or worker thread).
class JobRegistry {
 public:
  ~JobRegistry() { stop_all(); }

  /// Starts a job and returns {promise, cancel}. on_progress may be empty.
  Napi::Object start(Napi::Env env, JobWork work, Napi::Function on_progress = {});

  /// Cancels every job and waits for its thread.
  void stop_all();

 private:
  struct Job {
    std::shared_ptr<CancelFlag> cancelled = std::make_shared<CancelFlag>(false);
    std::thread thread;
  };

  std::list<Job> jobs_;
};

/// A JavaScript Error with the code and message of a core error.
Napi::Error to_js_error(Napi::Env env, const Error& error);

}  // namespace drmguard::binding
