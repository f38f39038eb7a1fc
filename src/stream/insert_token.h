// The name of a batch for insert_deduplication_token: the same offset spans give the same token in any process.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "model/batch.h"

namespace freshet::stream {

// "topic:partition:first-last", spans joined by ','; beyond 200 characters a 128-bit FNV-1a hash of that text as hex,
// since the server keeps each token.
std::string insert_token(std::string_view topic, const std::vector<Span>& spans);

// Token of a part of a batch, from message index `begin` to `end` (exclusive).
std::string part_token(std::string_view batch_token, size_t begin, size_t end);

}  // namespace freshet::stream
