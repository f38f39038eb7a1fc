#include "clickhouse/insert_stage.h"

namespace freshet::clickhouse {
namespace {

bool has(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

// Servers since 22 reject an insert with "Too many parts (N with average size of ..." before they store anything, also
// if a view's target has too many parts (26.5 stored 0 of 20 inserts).
bool rejected_by_parts(const ServerError& error) {
  return error.code == 252 && has(error.text, "Too many parts") && has(error.text, "with average size");
}

}  // namespace

bool stored_nothing(const ServerError& error) {
  if (error.code == 0) return error.status == 413;
  if (rejected_by_parts(error)) return true;
  if (error.place == ErrorPlace::Input) return true;
  return error.place == ErrorPlace::Unknown && error.code == 252 && has(error.text, "Too many partitions");
}

SizeLimit size_limit(const ServerError& error) {
  // Limits that a view exceeds do not depend on the size of the insert.
  if (error.place == ErrorPlace::View) return SizeLimit::None;
  switch (error.code) {
    case 0:
      return error.status == 413 ? SizeLimit::Insert : SizeLimit::None;
    case 158:  // TOO_MANY_ROWS
    case 307:  // TOO_MANY_BYTES
    case 396:  // TOO_MANY_ROWS_OR_BYTES
      return error.place == ErrorPlace::Expression ? SizeLimit::None : SizeLimit::Insert;
    case 252:  // TOO_MANY_PARTS; servers also use it for too many partitions in one block
      return has(error.text, "Too many partitions") ? SizeLimit::Insert : SizeLimit::None;
    case 241:  // MEMORY_LIMIT_EXCEEDED: the limit of the query (26.5, 18.16), of the user or of the server
      return has(error.text, "Query memory limit") || has(error.text, "(for query)") ? SizeLimit::Insert
                                                                                     : SizeLimit::Moment;
    case 159:  // TIMEOUT_EXCEEDED
    case 160:  // TOO_SLOW
    case 173:  // CANNOT_ALLOCATE_MEMORY
    case 718:  // TOO_SLOW_PARSING
      return SizeLimit::Moment;
    default:
      return SizeLimit::None;
  }
}

std::string_view size_advice(const ServerError& error) {
  if (error.code == 0) {
    return "a proxy before ClickHouse limits the size of a request; freshet sends smaller inserts for a while: raise "
           "that "
           "limit, or lower --max-batch-bytes";
  }
  if (error.code == 252) {
    return "a batch touches more partitions of the table than one insert may; smaller inserts are made for a while: "
           "partition the table more coarsely, or raise max_partitions_per_insert_block with --clickhouse-setting";
  }
  return "an insert of this size exceeds a limit of the server; smaller inserts are made for a while: raise the limit "
         "that the text names for this user, or lower --max-batch-bytes or --max-batch-size";
}

}  // namespace freshet::clickhouse
