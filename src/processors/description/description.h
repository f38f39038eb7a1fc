// Describes a data set in one table: the fields of its messages and the columns of its rows.
//
//   struct Cost {
//     Seconds timestamp;
//     uint64_t org_id = 0;
//   };
//   constexpr auto kCost = describe<Cost>(both<&Cost::timestamp>("timestamp", Need::Defaulted),
//                                         both<&Cost::org_id>("org_id", Need::Defaulted));
//
// `field` is a field of the message, `column` a column of the row, and `both` a field that becomes a column of the same
// name. Fields have the order in which a message that is an array has its values; columns have the order of the row.
// docs/data-set-example.md adds a data set step by step.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "processors/description/field_values.h"
#include "processors/description/row_context.h"
#include "processors/formats/column.h"
#include "processors/json/struct_reader.h"

namespace freshet::processors {

// A row for one element of a list in the message: steps begin at the element if it has them, otherwise at the message.
template <typename Message, typename Element>
struct ElementRow {
  const Message& message;
  const Element& element;
};

namespace description {

// --- paths ----------------------------------------------------------------------------------------------------------

template <auto kStep, typename From>
decltype(auto) step(const From& from, const RowContext& context) {
  using Step = decltype(kStep);
  if constexpr (std::is_member_object_pointer_v<Step>) {
    if constexpr (std::is_pointer_v<From>) {
      return (from->*kStep);
    } else {
      return (from.*kStep);
    }
  } else if constexpr (std::is_invocable_v<Step, const From&, const RowContext&>) {
    return kStep(from, context);
  } else if constexpr (std::is_invocable_v<Step, const From&>) {
    return kStep(from);
  } else {
    return kStep(context);
  }
}

template <auto kStep, typename From>
constexpr bool kStepsFrom = std::is_invocable_v<decltype(kStep), const From&> ||
                            std::is_invocable_v<decltype(kStep), const From&, const RowContext&>;

template <auto kStep, typename Message, typename Element>
decltype(auto) step(const ElementRow<Message, Element>& from, const RowContext& context) {
  if constexpr (kStepsFrom<kStep, Element>) {
    return step<kStep>(from.element, context);
  } else {
    return step<kStep>(from.message, context);
  }
}

// The value at the end of a path: each step is a member of the value before it, or a function of it, of it and the
// context, or of the context alone.
template <auto kStep, auto... kRest, typename From>
decltype(auto) follow(const From& from, const RowContext& context) {
  if constexpr (sizeof...(kRest) == 0) {
    return step<kStep>(from, context);
  } else {
    return follow<kRest...>(step<kStep>(from, context), context);
  }
}
// No steps: the value itself.
template <typename From>
const From& follow(const From& from, const RowContext&) {
  return from;
}

// --- entries --------------------------------------------------------------------------------------------------------

struct NoReader {};

template <auto kMember, auto kReader>
struct FieldEntry {
  Field field;
};
template <auto... kPath>
struct ColumnEntry {
  Column column;
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

template <typename Entry>
constexpr bool kIsColumn = false;
template <auto... kPath>
constexpr bool kIsColumn<ColumnEntry<kPath...>> = true;
template <auto kMember, auto kReader>
constexpr bool kIsColumn<BothEntry<kMember, kReader>> = true;

template <auto kMember, auto kReader, typename Row>
bool read_member(ReadContext& in, Row& row) {
  if constexpr (!std::is_member_object_pointer_v<decltype(kMember)>) {
    return kMember(in, row);
  } else if constexpr (std::is_same_v<std::remove_cv_t<decltype(kReader)>, NoReader>) {
    return read_field(in, row.*kMember);
  } else {
    return kReader(in, row.*kMember);
  }
}
template <auto kMember, auto kReader, typename Row>
bool read_entry(const FieldEntry<kMember, kReader>&, ReadContext& in, Row& row) {
  return read_member<kMember, kReader>(in, row);
}
template <auto kMember, auto kReader, typename Row>
bool read_entry(const BothEntry<kMember, kReader>&, ReadContext& in, Row& row) {
  return read_member<kMember, kReader>(in, row);
}

template <auto... kPath, typename Encoder, typename Row>
void write_entry(const ColumnEntry<kPath...>& entry, Encoder& out, const Row& row, const RowContext& context) {
  out.put(entry.column, follow<kPath...>(row, context));
}
template <auto kMember, auto kReader, typename Encoder, typename Row>
void write_entry(const BothEntry<kMember, kReader>& entry, Encoder& out, const Row& row, const RowContext& context) {
  out.put(entry.column, follow<kMember>(row, context));
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
constexpr auto only_column(const Entry& entry) {
  if constexpr (kIsColumn<Entry>) {
    return std::tuple(entry);
  } else {
    return std::tuple();
  }
}

}  // namespace description

// The fields and columns of a data set, or the fields of an object in one. `Row` has a member for each field that is
// read; a default member value is the value of a field that is missing.
template <typename RowOf, typename FieldTuple, typename ColumnTuple>
class Description {
 public:
  using Row = RowOf;
  static constexpr size_t kFields = std::tuple_size_v<FieldTuple>;
  static constexpr size_t kColumns = std::tuple_size_v<ColumnTuple>;

  constexpr Description(FieldTuple fields, ColumnTuple columns, Unknown unknown, bool object_only)
      : fields_(fields), columns_(columns), struct_(fields_of(fields)), unknown_(unknown), object_only_(object_only) {}

  // Reads one object, or array, into `row`, which has its default values. False: the text is invalid; the reader has
  // the reason.
  bool read(ReadContext& in, Row& row) const {
    StructReader reader(in.json, struct_, unknown_, object_only_);
    for (int field; (field = reader.next()) >= 0;) {
      if (!read_one(field, in, row, std::make_index_sequence<kFields>())) return false;
    }
    return reader.complete();
  }

  // Writes the columns in their order. The caller begins and ends the row. `Source` is Row, or an ElementRow of it.
  template <typename Encoder, typename Source>
  void write(Encoder& out, const Source& row, const RowContext& context) const {
    std::apply([&](const auto&... column) { (description::write_entry(column, out, row, context), ...); }, columns_);
  }

  std::vector<std::string_view> column_names() const {
    return std::apply([](const auto&... entry) { return std::vector<std::string_view>{entry.column.name()...}; },
                      columns_);
  }

  // Another description of the same fields and columns for messages with `unknown` fields.
  constexpr Description with(Unknown unknown) const { return {fields_, columns_, unknown, object_only_}; }
  // A JSON array is no message.
  constexpr Description object_only() const { return {fields_, columns_, unknown_, true}; }

 private:
  static constexpr Fields<kFields> fields_of(const FieldTuple& fields) {
    return std::apply([](const auto&... entry) { return Fields<kFields>({entry.field...}); }, fields);
  }
  template <size_t... I>
  bool read_one(int field, ReadContext& in, Row& row, std::index_sequence<I...>) const {
    bool read = false;
    static_cast<void>(
        ((field == static_cast<int>(I) && (read = description::read_entry(std::get<I>(fields_), in, row), true)) ||
         ...));
    return read;
  }

  FieldTuple fields_;
  ColumnTuple columns_;
  Fields<kFields> struct_;
  Unknown unknown_;
  bool object_only_;
};

// The reader of a field: a function `bool(ReadContext&, T&)` for its member; or no member, and a function
// `bool(ReadContext&, Row&)`. Without a reader, the type of the member decides (field_values.h).
template <auto kMember, auto kReader = description::NoReader{}>
constexpr auto field(std::string_view name, Need need = Need::Optional) {
  return description::FieldEntry<kMember, kReader>{{name, need}};
}

// The value of a column: a member, a member of a member, or a function of the row, of the row and the context, or of
// the context.
template <auto... kPath>
consteval auto column(std::string_view name) {
  return description::ColumnEntry<kPath...>{Column(name)};
}

template <auto kMember, auto kReader = description::NoReader{}>
consteval auto both(std::string_view name, Need need = Need::Optional) {
  return description::BothEntry<kMember, kReader>{{name, need}, Column(name)};
}

template <typename Row, typename... Entries>
constexpr auto describe(const Entries&... entries) {
  const auto fields = std::tuple_cat(description::only_field(entries)...);
  const auto columns = std::tuple_cat(description::only_column(entries)...);
  return Description<Row, std::remove_cv_t<decltype(fields)>, std::remove_cv_t<decltype(columns)>>(
      fields, columns, Unknown::Skip, false);
}

// A reader of fields that are objects: field<&Query::profile, object<kProfile>>("profile").
template <const auto& kDescription>
struct ObjectReader {
  template <typename T>
  bool operator()(ReadContext& in, T& out) const {
    return kDescription.read(in, out);
  }
};
template <const auto& kDescription>
inline constexpr ObjectReader<kDescription> object{};

// A reader of fields that are arrays of objects: field<&Profile::functions, list_of<kFunction>>("functions").
template <const auto& kDescription>
struct ListReader {
  template <typename T>
  bool operator()(ReadContext& in, List<T>& out) const {
    return read_list(in, out, object<kDescription>);
  }
};
template <const auto& kDescription>
inline constexpr ListReader<kDescription> list_of{};

// A column that has the same value in each row.
template <auto kValue>
inline constexpr auto constant = [](const RowContext&) { return kValue; };

// A step to an array: column<&Row::queries, each<&Query::sql>>("clickhouse_queries.sql"). each<>: of the elements.
template <auto... kPath>
struct EachStep {
  template <typename Range>
  auto operator()(const Range& range, const RowContext& context) const {
    return Elements(range, [&context](const auto& element) -> decltype(auto) {
      return description::follow<kPath...>(element, context);
    });
  }
};
template <auto... kPath>
inline constexpr EachStep<kPath...> each{};

}  // namespace freshet::processors
