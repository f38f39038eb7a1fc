#include "outcomes/aggregator.h"

#include <fmt/format.h>

#include <chrono>

namespace freshet::outcomes {
namespace {

using std::chrono::microseconds;

constexpr int64_t kYearOne = -62'135'596'800;
constexpr int64_t kYear10000 = 253'402'300'800;

int64_t floor_to(int64_t seconds, int64_t interval) {
  const int64_t rest = seconds % interval;
  const int64_t down = rest < 0 ? rest + interval : rest;
  return seconds < INT64_MIN + interval ? INT64_MIN : seconds - down;
}

// RFC 3339 in UTC, with microseconds.
std::string time_text(std::chrono::sys_time<microseconds> time) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(time - day);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:06}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), clock.hours().count(),
                     clock.minutes().count(), clock.seconds().count(), clock.subseconds().count());
}

}  // namespace

Bucket bucket_of(const OutcomeItem& item, const OutcomeCount& count, int64_t interval_seconds) {
  return {floor_to(item.received, interval_seconds), item.identity.organization_id, item.identity.project_id,
          item.key_id, count.category};
}

Aggregate aggregate(const std::vector<std::string_view>& pieces, int64_t interval_seconds, const SeenItems& seen) {
  Aggregate out;
  for (std::string_view rest : pieces) {
    OutcomeItem item;
    while (take_plain(rest, item)) {
      const bool repeated =
          item.may_repeat && (seen.contains(item.identity) || !out.items.insert(item.identity).second);
      if (repeated) ++out.duplicates;
      OutcomeCount count;
      for (uint32_t i = 0; i < item.counts && take_plain(rest, count); ++i) {
        if (repeated) continue;
        const auto [at, added] = out.quantities.try_emplace(bucket_of(item, count, interval_seconds), 0);
        at->second += count.quantity;
        CategoryTotals& totals = out.by_category[count.category];
        ++totals.messages;
        totals.quantity += count.quantity;
        totals.buckets += added ? 1 : 0;
      }
    }
  }
  return out;
}

std::string outcome_record(const Bucket& bucket, uint64_t quantity, SystemTime now) {
  const bool usable = bucket.start != 0 && bucket.start >= kYearOne && bucket.start < kYear10000;
  const auto time = usable ? std::chrono::sys_time<microseconds>(std::chrono::seconds(bucket.start))
                           : std::chrono::floor<microseconds>(now);
  return fmt::format(
      R"({{"timestamp":"{}","org_id":{},"project_id":{},"key_id":{},"outcome":0,"category":{},"quantity":{}}})",
      time_text(time), bucket.organization_id, bucket.project_id, bucket.key_id, bucket.category, quantity);
}

}  // namespace freshet::outcomes
