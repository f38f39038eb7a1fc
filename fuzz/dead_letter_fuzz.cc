// Arbitrary headers of a record of the dead-letter topic: a dead letter, a mark, or neither. A mark survives a round
// trip, and what is printed moves no terminal's cursor.
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string>

#include "base/json.h"
#include "dead_letters/dead_letter_text.h"
#include "dead_letters/stored_dead_letter.h"

namespace {

using namespace freshet;

// Lines NAME=VALUE; a line without '=' is a header with a null value.
kafka::SampledMessage record_of(std::string_view text) {
  kafka::SampledMessage record;
  record.payload = std::string(text);
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    const size_t equals = line.find('=');
    record.headers.emplace_back(line.substr(0, equals), std::nullopt);
    if (equals != std::string_view::npos) record.headers.back().second = line.substr(equals + 1);
  }
  return record;
}

std::optional<dead_letters::Origin> mark_in(const dead_letters::Headers& headers) {
  std::vector<HeaderView> views;
  for (const auto& [name, value] : headers) views.push_back({name, value});
  return dead_letters::read_mark(views);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  kafka::SampledMessage record = record_of({reinterpret_cast<const char*>(data), size});
  if (const auto origin = mark_in(record.headers)) {
    if (mark_in(dead_letters::mark_of(*origin).headers) != origin) std::abort();
    return 0;
  }
  const size_t headers = record.headers.size();
  const auto letter = dead_letters::read_dead_letter(std::move(record));
  if (!letter) return 0;
  if (letter->headers.size() + 2 > headers || letter->origin.partition.value < 0) std::abort();
  for (const char c : dead_letters::line_of(*letter, false)) {
    if (static_cast<unsigned char>(c) < ' ') std::abort();
  }
  dead_letters::DeadLetterCounts counts;
  counts.add(*letter, false);
  if (parse_json(counts.json()).is_discarded()) std::abort();
  return 0;
}
