// A Log that records its events.
#pragma once

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "base/log.h"
#include "base/mutex.h"
#include "base/secret_mask.h"

namespace freshet::testkit {

// Threads: any.
class RecordingLog final : public Log {
 public:
  struct Line {
    LogLevel level;
    std::string event;
    std::map<std::string, std::string, std::less<>> fields;  // as the log prints them
    std::string subject;  // name and subject fields; equal for events that are deduplicated
  };

  bool enabled(LogLevel) const noexcept override { return true; }
  void write(const LogEvent& event, std::span<const LogField> fields) noexcept override {
    Line line{event.level, std::string(event.name), {}, std::string(event.name)};
    for (const LogField& field : fields) {
      line.fields[std::string(field.name)] = text_of(field);
      if (field.subject) line.subject += " " + std::string(field.name) + "=" + text_of(field);
    }
    MutexLock lock(mutex_);
    lines_.push_back(std::move(line));
  }
  void mask(const std::string& secret, const std::string& what) override { secrets_.add(secret, what); }
  // What a backend would mask. The recorded lines are as they were written.
  const SecretMask& secrets() const { return secrets_; }

  std::vector<Line> of(std::string_view event) const {
    MutexLock lock(mutex_);
    std::vector<Line> found;
    std::copy_if(lines_.begin(), lines_.end(), std::back_inserter(found),
                 [&](const Line& line) { return line.event == event; });
    return found;
  }
  size_t count(std::string_view event) const { return of(event).size(); }
  size_t size() const {
    MutexLock lock(mutex_);
    return lines_.size();
  }
  // The values of all fields of all events, one per line.
  std::string texts() const {
    MutexLock lock(mutex_);
    std::string all;
    for (const Line& line : lines_) {
      for (const auto& [name, text] : line.fields) all += text + "\n";
    }
    return all;
  }

 private:
  static std::string text_of(const LogField& field) {
    return std::visit(
        [](const auto& value) -> std::string {
          using T = std::decay_t<decltype(value)>;
          if constexpr (std::is_same_v<T, std::string_view>) {
            return std::string(value);
          } else if constexpr (std::is_same_v<T, bool>) {
            return value ? "true" : "false";
          } else {
            return std::to_string(value);
          }
        },
        field.value);
  }

  SecretMask secrets_;
  mutable Mutex mutex_;
  std::vector<Line> lines_ GUARDED_BY(mutex_);
};

}  // namespace freshet::testkit
