// Names of log fields. They follow OpenTelemetry's semantic conventions (messaging, database, HTTP, general attributes)
// where one exists; docs/operations.md, "The log", lists them.
#pragma once

#include <string_view>

namespace freshet::log_key {

inline constexpr std::string_view kTopic = "messaging.destination.name";
inline constexpr std::string_view kPartition = "messaging.destination.partition.id";
inline constexpr std::string_view kOffset = "messaging.kafka.offset";
inline constexpr std::string_view kConsumerGroup = "messaging.consumer.group.name";
inline constexpr std::string_view kTable = "db.collection.name";
inline constexpr std::string_view kServerAddress = "server.address";
inline constexpr std::string_view kServerPort = "server.port";
inline constexpr std::string_view kHttpStatus = "http.response.status_code";
inline constexpr std::string_view kFile = "file.path";

// Human-readable: why it happened. Not OpenTelemetry's error.*, because stores that nest names at dots cannot have both
// `error` and `error.type`.
inline constexpr std::string_view kError = "error";
// The error number of the library or server, or freshet's name for the error.
inline constexpr std::string_view kErrorCode = "error_code";
// What freshet does about it: transient, operator, too_large and the like.
inline constexpr std::string_view kErrorClass = "error_class";
// What an operator can do about it.
inline constexpr std::string_view kAdvice = "advice";

}  // namespace freshet::log_key
