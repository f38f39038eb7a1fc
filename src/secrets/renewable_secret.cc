#include "secrets/renewable_secret.h"

#include <utility>

#include "base/files.h"
#include "secrets/secret_command.h"
#include "secrets/secrets_events.h"

namespace freshet::secrets {

class RenewableSecret::Reading {
 public:
  explicit Reading(RenewableSecret& secret) : secret_(secret) {}
  ~Reading() {
    {
      MutexLock lock(secret_.mutex_);
      secret_.reading_ = false;
    }
    secret_.idle_.notify_all();
  }
  Reading(const Reading&) = delete;
  Reading& operator=(const Reading&) = delete;

 private:
  RenewableSecret& secret_;
};

// The file may have changed since the settings were read: the first current() reads it.
RenewableSecret::RenewableSecret(std::string name, SecretSource source, const SecretContext& context,
                                 Duration refused_pause)
    : name_(std::move(name)),
      from_(std::move(source.from)),
      form_(source.form),
      is_command_(command_in(from_).has_value()),
      refused_pause_(refused_pause),
      context_(context),
      metrics_(context.metrics, name_),
      value_(std::move(source.value)),
      run_(context.clock.steady_now()) {}

Secret RenewableSecret::current() {
  FileVersion last;
  {
    MutexLock lock(mutex_);
    if (from_.empty() || is_command_ || reading_ || !looks_again(context_.clock.steady_now())) return value_;
    reading_ = true;
    last = version_;
  }
  const Reading reading(*this);
  const FileVersion version = version_of(from_);
  if (version != FileVersion{} && version != last) read(Cause::Look, {});
  MutexLock lock(mutex_);
  return value_;
}

bool RenewableSecret::looks_again(SteadyTime now) {
  if (looked_ != SteadyTime{} && now - looked_ < kLookEvery) return false;
  looked_ = now;
  return true;
}

std::optional<Secret> RenewableSecret::after_refusal(const Secret& refused, const std::stop_token& stop) {
  if (from_.empty()) return std::nullopt;
  {
    MutexLock lock(mutex_);
    if (!idle_.wait(mutex_, stop, [this]() REQUIRES(mutex_) { return !reading_; })) return std::nullopt;
    if (value_ != refused) return value_;
    if (is_command_ && context_.clock.steady_now() - run_ < refused_pause_) return std::nullopt;
    reading_ = true;
  }
  const Reading reading(*this);
  if (!read(Cause::Refused, stop)) return std::nullopt;
  MutexLock lock(mutex_);
  return value_;
}

void RenewableSecret::refused_later() { refused_ = true; }

bool RenewableSecret::is_due(SteadyTime now) const {
  if (refused_) return now - run_ >= refused_pause_;
  return context_.command_interval > Duration::zero() && now - run_ >= context_.command_interval;
}

void RenewableSecret::run_if_due(const std::stop_token& stop) {
  {
    MutexLock lock(mutex_);
    if (!is_command_ || reading_ || !is_due(context_.clock.steady_now())) return;
    reading_ = true;
  }
  const Reading reading(*this);
  read(Cause::Due, stop);
}

bool RenewableSecret::read(Cause cause, const std::stop_token& stop) {
  const FileVersion version = is_command_ ? FileVersion() : version_of(from_);
  // A pipe has been read to its end, and whoever writes a device has no end.
  Status regular = is_command_ ? Status() : check_regular_file(from_);
  Result<Secret> secret = regular ? read_from(from_, form_, stop) : tl::make_unexpected(regular.error());
  MutexLock lock(mutex_);
  refused_ = false;
  run_ = context_.clock.steady_now();
  if (!secret) {
    if (cause == Cause::Look || secret.error().kind == ErrorKind::Stopping) return false;
    metrics_.failed.add();
    context_.log.emit(SecretNotRenewed{name_, shown_source(from_), secret.error().text});
    return false;
  }
  version_ = version;
  if (*secret == value_) return false;
  if (context_.mask != nullptr) context_.mask->add(secret->reveal(), name_ + " " + from_);
  value_ = *std::move(secret);
  metrics_.renewed.add();
  context_.log.emit(SecretRenewed{name_, shown_source(from_)});
  return true;
}

}  // namespace freshet::secrets
