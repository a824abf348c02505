#include "job.h"

#include <memory>
#include <system_error>

#include "error/error.h"

namespace drmguard::binding {
namespace {

using Delivery = std::function<void(Napi::Env, Napi::Function)>;

void deliver(Napi::Env env, Napi::Function callback, Delivery* delivery) {
  const std::unique_ptr<Delivery> owned(delivery);
  if (env != nullptr) (*owned)(env, callback);
}

/// A thread-safe function that is not touched again once Node has begun to close it: not even Release is allowed then.
class Channel {
 public:
  explicit Channel(Napi::ThreadSafeFunction function) : function_(std::move(function)) {}

  void send(Delivery delivery) {
    if (closed_) return;
    auto* owned = new Delivery(std::move(delivery));
    if (function_.NonBlockingCall(owned, deliver) != napi_ok) {
      delete owned;
      closed_ = true;
    }
  }

  void close() {
    if (!closed_) function_.Release();
    closed_ = true;
  }

 private:
  Napi::ThreadSafeFunction function_;
  bool closed_ = false;
};

}  // namespace

Napi::Error to_js_error(Napi::Env env, const Error& error) {
  Napi::Error result = Napi::Error::New(env, error.what());
  result.Set("code", Napi::String::New(env, error_code_name(error.code())));
  return result;
}

Napi::Object JobRegistry::start(Napi::Env env, JobWork work, Napi::Function on_progress) {
  if (on_progress.IsEmpty()) on_progress = Napi::Function::New(env, [](const Napi::CallbackInfo&) {});
  auto channel = std::make_shared<Channel>(
      Napi::ThreadSafeFunction::New(env, on_progress, "drmguard job", /*maxQueueSize=*/0, /*threads=*/1));
  auto deferred = std::make_shared<Napi::Promise::Deferred>(env);
  const auto job = jobs_.emplace(jobs_.end());
  const std::shared_ptr<CancelFlag> cancelled = job->cancelled;

  const auto finish = [this, job](const Delivery& settle) {
    return [this, job, settle](Napi::Env js, Napi::Function callback) {
      if (job->thread.joinable()) job->thread.join();  // shutdown may have joined it
      jobs_.erase(job);
      settle(js, callback);
    };
  };
  const auto body = [work = std::move(work), channel, deferred, cancelled, finish] {
    const ProgressSink progress = [&channel](ValueMaker make) {
      channel->send([make = std::move(make)](Napi::Env js, Napi::Function callback) { callback.Call({make(js)}); });
    };
    try {
      ValueMaker result = work(*cancelled, progress);
      channel->send(finish([deferred, result = std::move(result)](Napi::Env js, Napi::Function) {
        try {
          deferred->Resolve(result(js));
        } catch (const Napi::Error& error) {
          deferred->Reject(error.Value());
        } catch (...) {
          deferred->Reject(to_js_error(js, current_exception_as_error(ErrorCode::ERR_INTERNAL, "")).Value());
        }
      }));
    } catch (...) {
      const Error error = current_exception_as_error(ErrorCode::ERR_INTERNAL, "");
      channel->send(finish([deferred, error](Napi::Env js, Napi::Function) {
        deferred->Reject(to_js_error(js, error).Value());
      }));
    }
    channel->close();
  };
  try {
    job->thread = std::thread(body);
  } catch (const std::system_error& error) {
    channel->close();
    jobs_.erase(job);
    throw Error(ErrorCode::ERR_INTERNAL, std::string("no thread could be started: ") + error.what());
  }

  Napi::Object handle = Napi::Object::New(env);
  handle.Set("promise", deferred->Promise());
  handle.Set("cancel", Napi::Function::New(env, [cancelled](const Napi::CallbackInfo&) { cancelled->store(true); }));
  return handle;
}

void JobRegistry::stop_all() {
  for (Job& job : jobs_) job.cancelled->store(true);
  for (Job& job : jobs_) {
    if (job.thread.joinable()) job.thread.join();
  }
}

}  // namespace drmguard::binding
