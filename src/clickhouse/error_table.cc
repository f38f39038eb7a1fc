#include "clickhouse/error_table.h"

#include <algorithm>
#include <array>

namespace freshet::clickhouse {
namespace {

struct Entry {
  int code;
  ErrorClass error_class;
  std::string_view advice;
};

constexpr auto T = ErrorClass::Transient;
constexpr auto O = ErrorClass::Overload;
constexpr auto P = ErrorClass::Operator;
constexpr auto D = ErrorClass::Data;

constexpr std::string_view kNoTable =
    "create the table, or correct --table and --clickhouse-database; freshet goes on by itself";
constexpr std::string_view kColumns =
    "the insert names a column that the table has not: add the column, or change the processor's column options";
constexpr std::string_view kLogin = "correct user and password (--clickhouse-user, --clickhouse-password-file)";
constexpr std::string_view kGrant = "grant the user INSERT on the table (and SELECT on what its views read)";
constexpr std::string_view kSetting = "correct the value given with --clickhouse-setting, or the user's profile";
constexpr std::string_view kQuota = "raise the quota or limit of this user, or wait until its interval is over";
constexpr std::string_view kSchema = "the table, or a view that reads from it, cannot take this insert: see the text";

// Ascending by code. Names are ClickHouse's, from src/Common/ErrorCodes.cpp.
constexpr std::array kTable = {
    Entry{6, D, {}},          // CANNOT_PARSE_TEXT
    Entry{8, P, kColumns},    // THERE_IS_NO_COLUMN
    Entry{10, P, kColumns},   // NOT_FOUND_COLUMN_IN_BLOCK
    Entry{16, P, kColumns},   // NO_SUCH_COLUMN_IN_TABLE
    Entry{20, P, kSchema},    // NUMBER_OF_COLUMNS_DOESNT_MATCH
    Entry{25, D, {}},         // CANNOT_PARSE_ESCAPE_SEQUENCE
    Entry{26, D, {}},         // CANNOT_PARSE_QUOTED_STRING
    Entry{27, D, {}},         // CANNOT_PARSE_INPUT_ASSERTION_FAILED
    Entry{38, D, {}},         // CANNOT_PARSE_DATE
    Entry{40, T, {}},         // CHECKSUM_DOESNT_MATCH: the body was damaged on its way
    Entry{41, D, {}},         // CANNOT_PARSE_DATETIME
    Entry{43, P, kSchema},    // ILLEGAL_TYPE_OF_ARGUMENT
    Entry{44, P, kSchema},    // ILLEGAL_COLUMN
    Entry{46, P, kSchema},    // UNKNOWN_FUNCTION
    Entry{47, P, kSchema},    // UNKNOWN_IDENTIFIER
    Entry{48, P, kSchema},    // NOT_IMPLEMENTED: the engine takes no inserts
    Entry{53, D, {}},         // TYPE_MISMATCH
    Entry{60, P, kNoTable},   // UNKNOWN_TABLE
    Entry{62, P, kSchema},    // SYNTAX_ERROR
    Entry{63, P, kSchema},    // UNKNOWN_AGGREGATE_FUNCTION
    Entry{69, D, {}},         // ARGUMENT_OUT_OF_BOUND
    Entry{70, D, {}},         // CANNOT_CONVERT_TYPE
    Entry{72, D, {}},         // CANNOT_PARSE_NUMBER
    Entry{73, P, kSchema},    // UNKNOWN_FORMAT
    Entry{81, P, kNoTable},   // UNKNOWN_DATABASE
    Entry{115, P, kSetting},  // UNKNOWN_SETTING; those of ours are dropped before it comes to this
    Entry{117, D, {}},        // INCORRECT_DATA: also an unknown field
    Entry{130, D, {}},        // CANNOT_READ_ARRAY_FROM_TEXT
    Entry{131, D, {}},        // TOO_LARGE_STRING_SIZE: longer than the FixedString
    Entry{158, P, kQuota},    // TOO_MANY_ROWS
    Entry{159, T, {}},        // TIMEOUT_EXCEEDED
    Entry{160, T, {}},        // TOO_SLOW
    Entry{164, P, kGrant},    // READONLY: the user's profile forbids writing
    Entry{173, T, {}},        // CANNOT_ALLOCATE_MEMORY
    Entry{190, D, {}},        // SIZES_OF_ARRAYS_DONT_MATCH
    Entry{192, P, kLogin},    // UNKNOWN_USER
    Entry{193, P, kLogin},    // WRONG_PASSWORD
    Entry{194, P, kLogin},    // REQUIRED_PASSWORD
    Entry{195, P, kLogin},    // IP_ADDRESS_NOT_ALLOWED
    Entry{201, P, kQuota},    // QUOTA_EXCEEDED
    Entry{202, O, {}},        // TOO_MANY_SIMULTANEOUS_QUERIES
    Entry{209, T, {}},        // SOCKET_TIMEOUT
    Entry{210, T, {}},        // NETWORK_ERROR
    Entry{218, P, kNoTable},  // TABLE_IS_DROPPED
    Entry{225, T, {}},        // NO_ZOOKEEPER
    Entry{241, T, {}},        // MEMORY_LIMIT_EXCEEDED
    Entry{242, T, {}},        // TABLE_IS_READ_ONLY: a replica without its keeper
    Entry{243, T, {}},        // NOT_ENOUGH_SPACE
    Entry{252, O, {}},        // TOO_MANY_PARTS
    Entry{279, T, {}},        // ALL_CONNECTION_TRIES_FAILED
    Entry{285, T, {}},        // TOO_FEW_LIVE_REPLICAS
    Entry{286, T, {}},        // UNSATISFIED_QUORUM_FOR_PREVIOUS_WRITE
    Entry{290, P, kQuota},    // LIMIT_EXCEEDED
    Entry{291, P, kGrant},    // DATABASE_ACCESS_DENIED
    Entry{307, P, kQuota},    // TOO_MANY_BYTES
    Entry{319, T, {}},        // UNKNOWN_STATUS_OF_INSERT: the token makes the retry safe
    Entry{321, D, {}},        // VALUE_IS_OUT_OF_RANGE_OF_DATA_TYPE
    Entry{349, D, {}},        // CANNOT_INSERT_NULL_IN_ORDINARY_COLUMN
    Entry{364, O, {}},        // RECEIVED_ERROR_TOO_MANY_REQUESTS
    Entry{376, D, {}},        // CANNOT_PARSE_UUID
    Entry{394, T, {}},        // QUERY_WAS_CANCELLED
    Entry{407, D, {}},        // DECIMAL_OVERFLOW
    Entry{439, T, {}},        // CANNOT_SCHEDULE_TASK
    Entry{441, D, {}},        // CANNOT_PARSE_DOMAIN_VALUE_FROM_STRING
    Entry{452, P, kSetting},  // SETTING_CONSTRAINT_VIOLATION
    Entry{467, D, {}},        // CANNOT_PARSE_BOOL
    Entry{469, D, {}},        // VIOLATED_CONSTRAINT
    Entry{471, P, kSetting},  // INVALID_SETTING_VALUE
    Entry{472, P, kSetting},  // READONLY_SETTING
    Entry{497, P, kGrant},    // ACCESS_DENIED
    Entry{516, P, kLogin},    // AUTHENTICATION_FAILED
    Entry{574, O, {}},        // DISTRIBUTED_TOO_MANY_PENDING_BYTES
    Entry{632, D, {}},        // UNEXPECTED_DATA_AFTER_PARSED_VALUE
    Entry{675, D, {}},        // CANNOT_PARSE_IPV4
    Entry{676, D, {}},        // CANNOT_PARSE_IPV6
    Entry{691, D, {}},        // UNKNOWN_ELEMENT_OF_ENUM
    Entry{745, O, {}},        // SERVER_OVERLOADED
    Entry{999, T, {}},        // KEEPER_EXCEPTION
};
static_assert(std::is_sorted(kTable.begin(), kTable.end(),
                             [](const Entry& a, const Entry& b) { return a.code < b.code; }));

bool has(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

// The server says that it was reading a row or a value of one. 18.16 reports a value that no Enum has as 49
// (LOGICAL_ERROR), so that the code alone is not enough.
bool about_a_row(const ServerError& error) {
  return error.row.has_value() || has(error.text, "(while read the value of key") ||
         has(error.text, "(while reading the value of key");
}

Judgement by_status(int status) {
  switch (status) {
    case 429:
      return {ErrorClass::Overload, {}};
    case 401:
    case 403:
    case 407:
      return {ErrorClass::Operator, kLogin};
    case 413:
      return {ErrorClass::Operator,
              "something before ClickHouse limits the size of a request: raise that limit, or lower --max-batch-bytes"};
    case 301:
    case 302:
    case 307:
    case 308:
    case 404:
    case 405:
      return {ErrorClass::Operator, "this is not ClickHouse's HTTP interface: correct --clickhouse-url"};
    default:
      return {ErrorClass::Transient, {}};
  }
}

}  // namespace

const char* to_string(ErrorClass error_class) {
  switch (error_class) {
    case ErrorClass::Transient:
      return "transient";
    case ErrorClass::Overload:
      return "overload";
    case ErrorClass::Operator:
      return "operator";
    case ErrorClass::Data:
      return "data";
    case ErrorClass::TooLarge:
      return "too_large";
  }
  return "";
}

Judgement classify(const ServerError& error) {
  if (error.code == 0) return by_status(error.status);
  if (error.code == 252 && has(error.text, "Too many partitions")) {
    return {ErrorClass::Operator,
            "a batch touches too many partitions of the table: partition it more coarsely, or raise "
            "max_partitions_per_insert_block with --clickhouse-setting"};
  }
  // The table itself has the rows already (seen on 18.16 and 26.5): sending parts of them again would double them.
  // While rows are read no view has been reached; the words then come from a row.
  if (!about_a_row(error) && has(error.text, "while pushing to view")) {
    return {ErrorClass::Operator, "a materialized view of the table fails: repair or drop the view"};
  }
  const auto entry = std::lower_bound(kTable.begin(), kTable.end(), error.code,
                                      [](const Entry& e, int code) { return e.code < code; });
  if (entry != kTable.end() && entry->code == error.code) return {entry->error_class, entry->advice};
  if (about_a_row(error)) return {ErrorClass::Data, {}};
  return {ErrorClass::Transient, {}};
}

}  // namespace freshet::clickhouse
