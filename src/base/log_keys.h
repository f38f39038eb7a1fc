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

// Why it happened, for a person. Not OpenTelemetry's error.*: `error` and `error.type` cannot both be fields in stores
// that nest names at their dots.
inline constexpr std::string_view kError = "error";
// The number of the library or the server, or freshet's name for it.
inline constexpr std::string_view kErrorCode = "error_code";
// What happens next: transient, operator, too_large and the like.
inline constexpr std::string_view kErrorClass = "error_class";
// What a person can do about it.
inline constexpr std::string_view kAdvice = "advice";

}  // namespace freshet::log_key
