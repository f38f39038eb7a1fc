// What is too large for a row, whatever the table: a message beyond these limits becomes a dead-letter record with the
// reason code too_large.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace freshet::stream {

// Limits below which ClickHouse inserts the rows as one block, atomically.
constexpr uint64_t kMaxInsertRows = 999'999;
constexpr uint64_t kMaxInsertBytes = 200'000'000;

// The process may exceed its memory limit by so many bytes plus twice its largest message. That is 128 MiB in
// docs/operations.md; the program itself takes 40.
constexpr uint64_t kBesideTheLimit = 88 << 20;

// Why a message of so many bytes is not even processed. nullopt: it is. `memory_limit`: of the process, in bytes.
std::optional<std::string> too_large_to_process(uint64_t bytes, uint64_t memory_limit);
// Why the rows of one message, together of so many bytes, are not inserted. nullopt: they are.
std::optional<std::string> too_large_to_insert(uint64_t rows, uint64_t bytes);

}  // namespace freshet::stream
