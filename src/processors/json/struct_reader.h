// Reads a struct: a JSON object or array with known fields (docs/snuba-data-sets.md, 2).
#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "processors/json/json_reader.h"

namespace freshet::processors {

enum class Need : uint8_t {
  Required,   // the message is invalid without it
  Optional,   // may be missing in an object
  Defaulted,  // may be missing in an object, and at the end of an array
};

struct Field {
  std::string_view name;
  Need need = Need::Optional;
  // Index of the field that has this as another name; its own index if it is no alias, but not part of an array.
  int alias_of = -1;
};

// The fields of a struct in positional order; at most 64. Declared once, as a constant:
//   constexpr Fields kFields({{"org_id", Need::Defaulted}, {"outcome", Need::Required}});
// Fields that are not part of an array follow the others.
template <size_t N>
class Fields {
 public:
  static_assert(N <= 64);
  template <size_t kCount>
  constexpr explicit Fields(const Field (&fields)[kCount]) : Fields(std::to_array(fields)) {}
  template <std::same_as<std::array<Field, N>> List>
  constexpr explicit Fields(const List& fields) {
    for (size_t i = 0; i < N; ++i) {
      fields_[i] = fields[i];
      for (size_t c = 0; c < fields[i].name.size() && c < kHead; ++c) heads_[i][c] = fields[i].name[c];
      if (fields[i].alias_of < 0) ++proper_;
      if (fields[i].need == Need::Required && fields[i].alias_of < 0) required_ |= uint64_t{1} << i;
      if (fields[i].need != Need::Defaulted && fields[i].alias_of < 0) needed_in_array_ |= uint64_t{1} << i;
      size_t slot = hash(fields[i].name);
      while (slots_[slot] != 0) slot = (slot + 1) % kSlots;
      slots_[slot] = static_cast<uint8_t>(i + 1);
    }
  }

  // Returns the index of a field, or -1. Tries `likely` first, because producers keep the order of fields. kHead bytes
  // must be readable after `name`, as after all text from a JsonReader.
  int find(std::string_view name, int likely) const {
    if (static_cast<size_t>(likely) < N && is_name(static_cast<size_t>(likely), name)) return likely;
    for (size_t slot = hash(name); slots_[slot] != 0; slot = (slot + 1) % kSlots) {
      const int index = slots_[slot] - 1;
      if (is_name(static_cast<size_t>(index), name)) return index;
    }
    return -1;
  }
  int proper(int index) const {
    const int alias_of = fields_[static_cast<size_t>(index)].alias_of;
    return alias_of < 0 ? index : alias_of;
  }
  std::string_view name(size_t index) const { return fields_[index].name; }
  uint64_t required() const { return required_; }
  uint64_t needed_in_array() const { return needed_in_array_; }
  int count() const { return proper_; }

 private:
  static constexpr size_t kSlots = 256;
  static constexpr size_t kHead = 16;

  bool is_name(size_t index, std::string_view name) const {
    const std::string_view wanted = fields_[index].name;
    if (wanted.size() != name.size()) return false;
    if (!same_head(name.data(), heads_[index].data(), name.size())) return false;
    return name.size() <= kHead || name.substr(kHead) == wanted.substr(kHead);
  }
  static constexpr size_t hash(std::string_view name) {
    if (name.empty()) return 0;
    const auto byte = [&](size_t i) { return static_cast<size_t>(static_cast<unsigned char>(name[i])); };
    return (name.size() * 7 + byte(0) * 31 + byte(name.size() - 1) * 13 + byte(name.size() / 2) * 3) % kSlots;
  }

  std::array<Field, N> fields_{};
  std::array<std::array<char, kHead>, N> heads_{};
  std::array<uint8_t, kSlots> slots_{};
  uint64_t required_ = 0;
  uint64_t needed_in_array_ = 0;
  int proper_ = 0;
};
template <size_t N>
Fields(const Field (&)[N]) -> Fields<N>;

// How unknown fields are handled: skipped with JsonReader::skip() or check(), or returned to the caller, which must
// read them.
enum class Unknown : uint8_t { Skip, Check, Tell };

// while ((field = reader.next()) >= 0) switch (field) { ... read exactly one value ... }
// if (!reader.complete()) -> the message is invalid, json.error_text() says why.
template <size_t N>
class StructReader {
 public:
  // What next() returns for an unknown field, with Unknown::Tell.
  static constexpr int kUnknown = 64;

  // `object_only`: an array is an error.
  StructReader(JsonReader& json, const Fields<N>& fields, Unknown unknown, bool object_only = false)
      : json_(json), fields_(fields), unknown_(unknown) {
    array_ = !object_only && json.peek() == JsonKind::Array;
    if (array_) {
      json.enter_array();
    } else {
      json.enter_object();
      gaps_ = gap_ = json.gaps(&fields, 1 + N + kUnknownGaps);
    }
  }

  // The rest of an array whose first elements the caller has read.
  struct RestOfArray {};
  StructReader(JsonReader& json, const Fields<N>& fields, RestOfArray)
      : json_(json), fields_(fields), unknown_(Unknown::Check), array_(true) {}

  bool positional() const { return array_; }

  // Index of the field whose value is next; -1 at the end or after an error.
  int next() { return array_ ? next_element() : next_field(); }

  // The name of the field that next() returned, in an object.
  const JsonString& key() const { return key_; }
  bool has(int field) const { return (seen_ >> field & 1) != 0; }

  // After next() returned -1: no error, and no required field is missing.
  bool complete() {
    if (json_.failed()) return false;
    const uint64_t needed = array_ ? fields_.needed_in_array() : fields_.required();
    return (needed & ~seen_) == 0 || json_.fail("a required field is missing");
  }

 private:
  static constexpr size_t kUnknownGaps = 16;
  static constexpr int kEnd = -2;

  int next_field() {
    while (true) {
      int index = gap_->last.field;
      if (!json_.take_gap(gap_->last, key_)) index = other_name(json_, fields_, last_ + 1, *gap_, key_);
      if (index == kEnd) return -1;
      if (index >= 0) {
        gap_ = gaps_ + 1 + index;
        return found(index);
      }
      gap_ = gaps_ + 1 + N + unknowns_++ % kUnknownGaps;
      if (unknown_ == Unknown::Tell) return kUnknown;
      if (!(unknown_ == Unknown::Skip ? json_.skip() : json_.check())) return -1;
    }
  }

  // Index of the field whose name is next; -1: it is unknown; kEnd: there is none. Out of line and static, so that the
  // code of each field is small, and a reader may stay in registers.
  [[gnu::noinline]] static int other_name(JsonReader& json, const Fields<N>& fields, int likely, JsonGaps& gap,
                                          JsonString& key) {
    if (json.take_gap(gap.before, key)) return gap.before.field;
    const JsonReader::Mark from = json.mark();
    if (!json.next_key(key)) return kEnd;
    const int index = fields.find(key.view, likely);
    json.keep_gap(from, key, index, gap);
    return index;
  }

  int found(int index) {
    last_ = index;
    const int field = fields_.proper(index);
    if (has(field)) {
      json_.fail("a field occurs twice");
      return -1;
    }
    seen_ |= uint64_t{1} << field;
    return field;
  }

  int next_element() {
    if (!json_.next_element()) return -1;
    if (++last_ >= fields_.count()) {
      json_.fail("an array has more elements than the struct has fields");
      return -1;
    }
    seen_ |= uint64_t{1} << last_;
    return last_;
  }

  JsonReader& json_;
  const Fields<N>& fields_;
  const Unknown unknown_;
  bool array_ = false;
  int last_ = -1;
  // Of objects: what was before the first field, after each known one, and after the first unknown ones in their order.
  JsonGaps* gaps_ = nullptr;
  JsonGaps* gap_ = nullptr;  // what is expected next
  size_t unknowns_ = 0;
  JsonString key_;
  uint64_t seen_ = 0;
};

}  // namespace freshet::processors
