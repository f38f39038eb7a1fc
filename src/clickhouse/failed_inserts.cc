#include "clickhouse/failed_inserts.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <string>
#include <vector>

#include "clickhouse/insert_url.h"

namespace freshet::clickhouse {
namespace {

constexpr Duration kFresh = Duration::zero();  // queried now
constexpr Duration kOldEnough = std::chrono::seconds(10);
constexpr Duration kAnyAge = std::chrono::hours(24);
constexpr uint32_t kMoments = 3;  // this many repeats for a server that is only busy
// Inserts smaller than this do not help a busy server.
constexpr uint64_t kSmallestForAMoment = uint64_t{1} << 20;
constexpr size_t kNamesInALine = 30;
constexpr const char* kBlocks =
    "--clickhouse-setting max_insert_block_size or min_insert_block_size_rows is smaller than a batch: leave it out";

// libcurl's codes for: name, proxy, connection or TLS failed. Nothing was sent.
constexpr std::array kNotSent = {5, 6, 7, 35};

// True if the attempt may have stored the rows: no response, a proxy's response, or a truncated response.
bool end_is_unknown(const ServerError& error, ErrorClass error_class) {
  if (error_class != ErrorClass::Transient || stored_nothing(error)) return false;
  const bool not_sent = error.status == 0 && error.code == 0 &&
                        std::find(kNotSent.begin(), kNotSent.end(), error.curl_code) != kNotSent.end();
  return !not_sent;
}

// With freshet's own settings every insert is one block; the user may override them.
bool is_one_block(const InsertRequest& request, const ClickHouseSettings& settings) {
  for (const char* name : {"max_insert_block_size", "min_insert_block_size_rows"}) {
    const auto set = settings.insert_settings.find(name);
    if (set == settings.insert_settings.end()) continue;
    uint64_t rows = 0;
    const std::string& text = set->second;
    const bool number = std::from_chars(text.data(), text.data() + text.size(), rows).ec == std::errc();
    if (number && rows > 0 && rows < request.row_count) return false;
  }
  return true;
}

std::string join(const std::vector<std::string>& names) {
  std::string text;
  for (size_t i = 0; i < std::min(names.size(), kNamesInALine); ++i) text += (i == 0 ? "" : ", ") + names[i];
  if (names.size() > kNamesInALine) text += fmt::format(" and {} more", names.size() - kNamesInALine);
  return text;
}

}  // namespace

void FailedInserts::begin(const InsertRequest& request, const ClickHouseSettings& settings) {
  one_block_ = is_one_block(request, settings);
  end_unknown_ = false;
  moments_in_a_row_ = limits_in_a_row_ = 0;
}

std::optional<TableProperties> FailedInserts::properties(Duration max_age, const std::stop_token& stop) {
  return table_ ? table_->properties(max_age, stop) : std::nullopt;
}

std::optional<WriteOutcome> FailedInserts::before_sending(const InsertRequest& request,
                                                          const ClickHouseSettings& settings,
                                                          const std::stop_token& stop) {
  // If the insert has a column list, the server itself reports missing columns. Typed rows have only columns of the
  // table.
  const bool by_name =
      request.layout->format == RowFormat::JsonEachRow && request.layout->columns.empty() && request.layouts.empty();
  if (!table_ || table_->fields_match() || !by_name) return std::nullopt;
  const SettingMap sent = insert_settings(settings, {});
  const auto skips = sent.find("input_format_skip_unknown_fields");
  if (skips == sent.end() || skips->second == "0" || request.without_fields) {
    table_->set_fields_match();
    return std::nullopt;
  }
  const auto known = properties(kFresh, stop);
  if (!known) return std::nullopt;  // a server that cannot answer cannot store either
  const std::vector<std::string> fields = fields_without_column(request.rows, *known);
  if (fields.empty()) {
    table_->set_fields_match();
    return std::nullopt;
  }
  return WriteOutcome{WriteOutcome::Kind::NoFields,
                      0,
                      fmt::format("Fields: {}. Columns of {}: {}", join(fields), known->table, join(known->columns)),
                      {}};
}

WriteOutcome FailedInserts::rejected(const ServerError& error) const {
  if (one_block_) return {WriteOutcome::Kind::Rejected, error.code, error.text, error.row};
  WriteOutcome open{WriteOutcome::Kind::MaybeStored, error.code, error.text, {}};
  open.reason =
      fmt::format("The insert was cut into blocks ({}), and those before the bad row may be stored already", kBlocks);
  return open;
}

std::optional<WriteOutcome> FailedInserts::gives_up(const InsertRequest& request, const ServerError& error,
                                                    const ErrorDisposition& disposition, const std::stop_token& stop) {
  if (disposition.maybe_stored) return maybe_stored(error, stop);
  const SizeLimit limit = size_limit(error);
  moments_in_a_row_ = limit == SizeLimit::Moment ? moments_in_a_row_ + 1 : 0;
  limits_in_a_row_ = limit == SizeLimit::Insert ? limits_in_a_row_ + 1 : 0;
  auto outcome = limit == SizeLimit::None ? std::nullopt : too_large(request, error, limit, stop);
  if (limit == SizeLimit::None) end_unknown_ = end_unknown_ || end_is_unknown(error, disposition.error_class);
  return outcome;
}

std::optional<WriteOutcome> FailedInserts::maybe_stored(const ServerError& error, const std::stop_token& stop) {
  auto known = properties(kOldEnough, stop);
  if (!known) known = properties(kAnyAge, stop);
  if (known && known->repeats_recognised) return std::nullopt;
  if (stop.stop_requested()) return std::nullopt;
  const std::string why = known ? known->why_not : "the server does not say how the table treats a repeated insert";
  WriteOutcome open{WriteOutcome::Kind::MaybeStored, error.code, error.text, {}};
  open.reason = fmt::format("{}, and a repeat would be stored again ({})",
                            error.place == ErrorPlace::Shard ? "A shard failed, and others may have stored their rows"
                                                             : "A view failed after the table stored the rows",
                            why);
  return open;
}

std::optional<WriteOutcome> FailedInserts::too_large(const InsertRequest& request, const ServerError& error,
                                                     SizeLimit limit, const std::stop_token& stop) {
  WriteOutcome smaller{WriteOutcome::Kind::TooLarge, error.code, error.text, {}};
  smaller.reason = size_advice(error);
  constexpr int kMemoryLimit = 241;  // how much a query needs depends on the server's load
  smaller.always_refused = limit == SizeLimit::Insert && error.code != kMemoryLimit;
  if (limit == SizeLimit::Moment) {
    const bool worth_it = request.divisible && request.row_bytes > kSmallestForAMoment;
    if (!worth_it || end_unknown_ || moments_in_a_row_ < kMoments) return std::nullopt;
  }
  if (one_block_ && stored_nothing(error)) return smaller;
  // The text does not say how far the insert got. A table without partitions stores one block completely or not at all.
  const auto known = properties(std::chrono::minutes(1), stop);
  const bool whole = known ? known->whole_or_nothing : error.place != ErrorPlace::Shard;
  if (one_block_ && whole) return smaller;
  if (limit == SizeLimit::Moment || stop.stop_requested()) return std::nullopt;
  if (one_block_ && known && known->repeats_recognised && limits_in_a_row_ < kMoments) return std::nullopt;
  WriteOutcome open{WriteOutcome::Kind::MaybeStored, error.code, error.text, {}};
  open.reason = fmt::format(
      "The insert exceeds a limit of the server, and the table takes it in parts ({}): some may be "
      "stored already. With \"retry\" smaller inserts are made: {}",
      one_block_ ? "it has partitions" : kBlocks, size_advice(error));
  open.exceeds_size = true;
  return open;
}

bool FailedInserts::unverified(const InsertRequest& request, const std::stop_token& stop) {
  if (!end_unknown_ && !request.sent_before) return false;
  const auto known = properties(std::chrono::minutes(1), stop);
  return known && !known->replicated && known->repeats_recognised;
}

}  // namespace freshet::clickhouse
