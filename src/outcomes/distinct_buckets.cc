#include "outcomes/distinct_buckets.h"

namespace freshet::outcomes {

size_t BucketHash::operator()(const Bucket& bucket) const noexcept {
  uint64_t hash = 0;
  for (const uint64_t part : {static_cast<uint64_t>(bucket.start), bucket.organization_id, bucket.project_id,
                              bucket.key_id, uint64_t{bucket.category}}) {
    hash = (hash ^ part) * 0x9e3779b97f4a7c15;
    hash ^= hash >> 32;
  }
  return hash;
}

uint64_t DistinctBuckets::add(const ProcessedChunk& chunk) {
  std::string_view rest = chunk.rows;
  OutcomeItem item;
  OutcomeCount count;
  while (take_plain(rest, item)) {
    for (uint32_t i = 0; i < item.counts && take_plain(rest, count); ++i) {
      seen_.insert(bucket_of(item, count, interval_seconds_));
    }
  }
  return seen_.size();
}

}  // namespace freshet::outcomes
