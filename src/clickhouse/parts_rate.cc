#include "clickhouse/parts_rate.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

namespace freshet::clickhouse {
namespace {

// Merged parts stay in system.parts for old_parts_lifetime seconds (480 by default).
constexpr uint64_t kLongest = 240;
constexpr uint64_t kShortest = 60;  // a burst of inserts is not taken for their usual rate
constexpr Duration kShortestBetweenSamples = std::chrono::seconds(10);

}  // namespace

Result<double> PartsRate::per_second(TableSurveyor& server, const TableSurvey& survey, const ReachedTable& table) {
  const uint64_t kept = survey.number(table, "old_parts_lifetime").value_or(kLongest);
  const uint64_t seconds = std::clamp(kept, kShortest, kLongest);
  // Replicated tables number the blocks of each partition; the others number those of the table.
  const auto found = server.rows(
      fmt::format(
          "SELECT toString(sum(new)), toString({}(last)) FROM (SELECT countIf(level = 0 AND modification_time > "
          "now() - {}) AS new, max(max_block_number) AS last FROM system.parts WHERE database = {} AND table = "
          "{} GROUP BY partition_id) FORMAT JSONCompact",
          table.replicated() ? "sum" : "max", seconds, quote_literal(table.name.database),
          quote_literal(table.name.table)),
      2);
  if (!found) return tl::make_unexpected(found.error());
  if (found->empty()) return 0.0;
  const double listed = std::stod((*found)[0][0]) / static_cast<double>(seconds);
  const Sample now{clock_.steady_now(), static_cast<uint64_t>(std::max(0LL, std::stoll((*found)[0][1])))};
  const auto [previous, is_first] = samples_.emplace(table.text(), now);
  const Duration elapsed = now.at - previous->second.at;
  if (is_first || elapsed < kShortestBetweenSamples) return listed;
  const uint64_t added = now.blocks - std::min(now.blocks, previous->second.blocks);  // 0 after a TRUNCATE
  previous->second = now;
  return std::max(listed, static_cast<double>(added) / std::chrono::duration<double>(elapsed).count());
}

}  // namespace freshet::clickhouse
