// Sums a batch of items by bucket (docs/snuba-data-sets.md, 17).
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "outcomes/seen_items.h"

namespace freshet::outcomes {

struct Bucket {
  int64_t start = 0;  // seconds since 1970, a multiple of the interval
  uint64_t organization_id = 0;
  uint64_t project_id = 0;
  uint64_t key_id = 0;
  uint32_t category = 0;
  auto operator<=>(const Bucket&) const = default;
};

Bucket bucket_of(const OutcomeItem& item, const OutcomeCount& count, int64_t interval_seconds);

struct CategoryTotals {
  uint64_t messages = 0;
  uint64_t quantity = 0;
  uint64_t buckets = 0;
};

struct Aggregate {
  std::map<Bucket, uint64_t> quantities;
  std::map<uint32_t, CategoryTotals> by_category;
  IdentitySet items;  // the items that can be recognised if they are repeated
  uint64_t duplicates = 0;
};

// `pieces` are the rows of a batch; each consists of whole OutcomeItems. Items that are in `seen`, or repeated within
// the batch, count once.
Aggregate aggregate(const std::vector<std::string_view>& pieces, int64_t interval_seconds, const SeenItems& seen);

// {"timestamp":"2019-09-29T09:46:00.000000Z","org_id":1,...}. A bucket whose start is 0 or in a year that RFC 3339
// cannot represent gets the timestamp `now`.
std::string outcome_record(const Bucket& bucket, uint64_t quantity, SystemTime now);

}  // namespace freshet::outcomes
