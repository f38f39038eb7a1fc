// Names of log fields. Where OpenTelemetry's semantic conventions (messaging, database, HTTP, general attributes) have
// a name it is that one; docs/operations.md, "The log", lists them.
#pragma once

#include <string_view>

namespace freshet::log_key {

inline constexpr std::string_view kTopic = "messaging.destination.name";
inline constexpr std::string_view kPartition = "messaging.destination.partition.id";
inline constexpr std::string_view kOffset = "messaging.kafka.offset";
inline constexpr std::string_view kConsumerGroup = "messaging.consumer.group.name";
inline constexpr std::string_view kTable = "db.collection.name";
inline constexpr std::string_view kServer = "url.full";
inline constexpr std::string_view kHttpStatus = "http.response.status_code";
inline constexpr std::string_view kFile = "file.path";
inline constexpr std::string_view kProcess = "process.pid";

// Why it happened, for a person. Not OpenTelemetry's error.*: `error` and `error.type` cannot both be fields in stores
// that nest names at their dots.
inline constexpr std::string_view kError = "error";
inline constexpr std::string_view kErrorCode =
    "error_code";                                      // the library's or the server's number, or our name for it
inline constexpr std::string_view kAdvice = "advice";  // what a person can do about it

}  // namespace freshet::log_key
