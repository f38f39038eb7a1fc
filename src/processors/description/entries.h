// The entries of describe() (description.h): what each reads and writes.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <vector>

#include "processors/description/field_values.h"
#include "processors/description/path.h"
#include "processors/description/row_context.h"
#include "processors/formats/column.h"
#include "processors/json/struct_reader.h"

namespace freshet::processors {

namespace description {

struct NoReader {};

// Reads by the type of the member, which does not depend on what else a data set's context has.
template <typename In, typename T>
bool read_by_type(In& in, T& out) {
  if constexpr (std::is_base_of_v<ReadContext, In>) {
    return read_field(static_cast<ReadContext&>(in), out);
  } else {
    return read_field(in, out);
  }
}

template <auto kMember, auto kReader>
struct FieldEntry {
  Field field;
};
// Another name of a field, or a field that is not used. Neither is part of an array.
struct AliasEntry {
  Field field;
  std::string_view of;
};
struct IgnoredEntry {
  Field field;
};
template <auto kReader>
struct OthersEntry {};
template <auto... kPath>
struct ColumnEntry {
  Column column;
};
template <auto kValues, size_t kCount>
struct ColumnsEntry {
  std::array<Column, kCount> columns;
};
template <auto kMember, auto kReader>
struct BothEntry {
  Field field;
  Column column;
};

template <typename Entry>
constexpr bool kIsField = false;
template <auto kMember, auto kReader>
constexpr bool kIsField<FieldEntry<kMember, kReader>> = true;
template <auto kMember, auto kReader>
constexpr bool kIsField<BothEntry<kMember, kReader>> = true;
template <>
inline constexpr bool kIsField<AliasEntry> = true;
template <>
inline constexpr bool kIsField<IgnoredEntry> = true;

template <typename Entry>
constexpr bool kIsOthers = false;
template <auto kReader>
constexpr bool kIsOthers<OthersEntry<kReader>> = true;

template <typename Entry>
constexpr bool kIsColumn = false;
template <auto... kPath>
constexpr bool kIsColumn<ColumnEntry<kPath...>> = true;
template <auto kValues, size_t kCount>
constexpr bool kIsColumn<ColumnsEntry<kValues, kCount>> = true;
template <auto kMember, auto kReader>
constexpr bool kIsColumn<BothEntry<kMember, kReader>> = true;

template <auto kMember, auto kReader, typename In, typename Row>
bool read_member(In& in, Row& row) {
  if constexpr (!std::is_member_object_pointer_v<decltype(kMember)>) {
    return kMember(in, row);
  } else if constexpr (std::is_same_v<std::remove_cv_t<decltype(kReader)>, NoReader>) {
    return read_by_type(in, row.*kMember);
  } else {
    return kReader(in, row.*kMember);
  }
}
template <auto kMember, auto kReader, typename In, typename Row>
bool read_entry(const FieldEntry<kMember, kReader>&, In& in, Row& row) {
  return read_member<kMember, kReader>(in, row);
}
template <auto kMember, auto kReader, typename In, typename Row>
bool read_entry(const BothEntry<kMember, kReader>&, In& in, Row& row) {
  return read_member<kMember, kReader>(in, row);
}
template <typename In, typename Row>
bool read_entry(const IgnoredEntry&, In& in, Row&) {
  return in.json.check();
}
template <typename In, typename Row>
bool read_entry(const AliasEntry&, In&, Row&) {
  return false;  // never called: an alias is read as the field that it names
}
template <auto kReader, typename In, typename Row>
bool read_other(const OthersEntry<kReader>&, In& in, const JsonString& name, Row& row) {
  return kReader(in, name, row);
}

// Field::alias_of of an entry. That of an ignored field is itself, which leaves it out of arrays.
template <typename Entry, size_t N>
constexpr int alias_of(const Entry& entry, const std::array<Field, N>& fields) {
  std::string_view of;
  if constexpr (std::is_same_v<Entry, AliasEntry>) of = entry.of;
  if constexpr (std::is_same_v<Entry, IgnoredEntry>) of = entry.field.name;
  for (size_t i = 0; i < N; ++i) {
    if (!of.empty() && fields[i].name == of) return static_cast<int>(i);
  }
  return -1;
}

template <auto... kPath, typename Encoder, typename Row>
void write_entry(const ColumnEntry<kPath...>& entry, Encoder& out, const Row& row, const RowContext& context) {
  out.put(entry.column, follow<kPath...>(row, context));
}
template <auto kMember, auto kReader, typename Encoder, typename Row>
void write_entry(const BothEntry<kMember, kReader>& entry, Encoder& out, const Row& row, const RowContext& context) {
  out.put(entry.column, follow<kMember>(row, context));
}
template <auto kValues, size_t kCount, typename Encoder, typename Row>
void write_entry(const ColumnsEntry<kValues, kCount>& entry, Encoder& out, const Row& row, const RowContext&) {
  for (size_t i = 0; i < kCount; ++i) out.put(entry.columns[i], kValues(row, i));
}

template <typename Entry>
void add_names(const Entry& entry, std::vector<std::string_view>& names) {
  names.push_back(entry.column.name());
}
template <auto kValues, size_t kCount>
void add_names(const ColumnsEntry<kValues, kCount>& entry, std::vector<std::string_view>& names) {
  for (const Column& column : entry.columns) names.push_back(column.name());
}

// The entries of a group, or a single one.
template <typename Entry>
constexpr auto entries_of(const Entry& entry) {
  return std::tuple(entry);
}
template <typename... Entries>
constexpr auto entries_of(const std::tuple<Entries...>& group) {
  return group;
}

template <typename Entry>
constexpr auto only_field(const Entry& entry) {
  if constexpr (kIsField<Entry>) {
    return std::tuple(entry);
  } else {
    return std::tuple();
  }
}
template <typename Entry>
constexpr auto only_others(const Entry& entry) {
  if constexpr (kIsOthers<Entry>) {
    return std::tuple(entry);
  } else {
    return std::tuple();
  }
}
template <typename Entry>
constexpr auto only_column(const Entry& entry) {
  if constexpr (kIsColumn<Entry>) {
    return std::tuple(entry);
  } else {
    return std::tuple();
  }
}

}  // namespace description

}  // namespace freshet::processors
