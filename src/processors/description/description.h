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
// `also_named`, `ignored` and `other_fields` are for fields that are no single value of the row. nested.h has readers
// for lists and objects inside the message. docs/data-set-example.md adds a data set step by step.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "processors/description/entries.h"
#include "processors/description/field_values.h"
#include "processors/description/path.h"
#include "processors/description/row_context.h"
#include "processors/formats/column.h"
#include "processors/json/struct_reader.h"

namespace freshet::processors {

// The fields and columns of a data set, or the fields of an object in one. `Row` has a member for each field that is
// read; a default member value is the value of a field that is missing.
template <typename RowOf, typename FieldTuple, typename ColumnTuple, typename OthersTuple>
class Description {
 public:
  using Row = RowOf;
  static constexpr size_t kFields = std::tuple_size_v<FieldTuple>;

  struct Options {
    Unknown unknown = Unknown::Skip;
    bool object_only = false;
    bool defaulted = false;
  };

  constexpr Description(FieldTuple fields, ColumnTuple columns, OthersTuple others, Options options)
      : fields_(fields),
        columns_(columns),
        others_(others),
        struct_(fields_of(fields, options.defaulted)),
        options_(options) {}

  // Reads one object, or array, into `row`, which has its default values. False: the text is invalid; the reader has
  // the reason. `In` is ReadContext, or a class derived from it: then the data set's readers get the derived class.
  template <typename In>
  bool read(In& in, Row& row) const {
    return read_from(StructReader(in.json, struct_, options_.unknown, options_.object_only), in, row);
  }
  // Reads an array whose first elements, which are no fields, the caller has read.
  template <typename In>
  bool read_rest(In& in, Row& row) const {
    return read_from(StructReader<kFields>(in.json, struct_, typename StructReader<kFields>::RestOfArray{}), in, row);
  }

  // For readers of other than JSON text: the index of a field, or -1, as Fields::find(); and reading its value.
  int find(std::string_view name, int likely) const { return struct_.find(name, likely); }
  template <typename In>
  bool read_at(int field, In& in, Row& row) const {
    return read_one(field, in, row, std::make_index_sequence<kFields>());
  }
  // The name of the first required field whose bit in `seen` is not set; empty: there is none.
  std::string_view first_missing(uint64_t seen) const {
    const uint64_t missing = struct_.required() & ~seen;
    return missing == 0 ? std::string_view() : struct_.name(static_cast<size_t>(std::countr_zero(missing)));
  }

  // Writes the columns in their order. The caller begins and ends the row. `Source` is Row, or an ElementRow of it.
  template <typename Encoder, typename Source>
  void write(Encoder& out, const Source& row, const RowContext& context) const {
    std::apply([&](const auto&... column) { (description::write_entry(column, out, row, context), ...); }, columns_);
  }

  std::vector<std::string_view> column_names() const {
    std::vector<std::string_view> names;
    std::apply([&](const auto&... entry) { (description::add_names(entry, names), ...); }, columns_);
    return names;
  }

  // The same description for messages with `unknown` fields.
  constexpr Description with(Unknown unknown) const {
    Options options = options_;
    options.unknown = unknown;
    return {fields_, columns_, others_, options};
  }
  // A JSON array is no message.
  constexpr Description object_only() const {
    Options options = options_;
    options.object_only = true;
    return {fields_, columns_, others_, options};
  }
  // Optional fields are Defaulted.
  constexpr Description defaulted() const {
    Options options = options_;
    options.defaulted = true;
    return {fields_, columns_, others_, options};
  }

 private:
  static constexpr Fields<kFields> fields_of(const FieldTuple& fields, bool defaulted) {
    return std::apply(
        [defaulted](const auto&... entry) {
          std::array<Field, kFields> out{entry.field...};
          [[maybe_unused]] size_t at = 0;
          ((out[at].alias_of = description::alias_of(entry, out), ++at), ...);
          for (Field& field : out) {
            if (defaulted && field.need == Need::Optional) field.need = Need::Defaulted;
          }
          return Fields<kFields>(out);
        },
        fields);
  }
  template <typename In>
  bool read_from(StructReader<kFields>&& reader, In& in, Row& row) const {
    for (int field; (field = reader.next()) >= 0;) {
      if constexpr (std::tuple_size_v < OthersTuple >> 0) {
        if (field == StructReader<kFields>::kUnknown) {
          if (!description::read_other(std::get<0>(others_), in, reader.key(), row)) return false;
          continue;
        }
      }
      if (!read_at(field, in, row)) return false;
    }
    return reader.complete();
  }
  template <typename In, size_t... I>
  bool read_one(int field, In& in, Row& row, std::index_sequence<I...>) const {
    bool read = false;
    static_cast<void>(
        ((field == static_cast<int>(I) && (read = description::read_entry(std::get<I>(fields_), in, row), true)) ||
         ...));
    return read;
  }

  FieldTuple fields_;
  ColumnTuple columns_;
  OthersTuple others_;
  Fields<kFields> struct_;
  Options options_;
};

// The reader of a field: a function `bool(In&, T&)` for its member; or no member, and a function `bool(In&, Row&)`.
// `In` is what Description::read() gets. Without a reader, the type of the member decides (field_values.h).
template <auto kMember, auto kReader = description::NoReader{}>
constexpr auto field(std::string_view name, Need need = Need::Optional) {
  return description::FieldEntry<kMember, kReader>{{name, need}};
}

// Another name of the field `of`.
constexpr auto also_named(std::string_view name, std::string_view of) {
  return description::AliasEntry{{name, Need::Optional}, of};
}
// A field of objects that is checked and not used. Arrays do not have it.
constexpr auto ignored(std::string_view name) { return description::IgnoredEntry{{name, Need::Optional}}; }
// Reads all other fields: a function `bool(In&, const JsonString& name, Row&)`.
template <auto kReader>
constexpr auto other_fields() {
  return description::OthersEntry<kReader>{};
}

// The value of a column: a member, a member of a member, or a function of the row, of the row and the context, or of
// the context.
template <auto... kPath>
consteval auto column(std::string_view name) {
  return description::ColumnEntry<kPath...>{Column(name)};
}

// Columns of the same kind: kValues(row, i) is the value of column i.
template <auto kValues, size_t kCount>
constexpr auto columns_of(const std::array<Column, kCount>& names) {
  return description::ColumnsEntry<kValues, kCount>{names};
}

template <auto kMember, auto kReader = description::NoReader{}>
consteval auto both(std::string_view name, Need need = Need::Optional) {
  return description::BothEntry<kMember, kReader>{{name, need}, Column(name)};
}

// An entry may be a std::tuple of entries, for data sets that have them in several descriptions.
template <typename Row, typename... Entries>
constexpr auto describe(const Entries&... entries) {
  const auto all = std::tuple_cat(description::entries_of(entries)...);
  const auto only = [&all](auto choose) {
    return std::apply([&](const auto&... entry) { return std::tuple_cat(choose(entry)...); }, all);
  };
  const auto fields = only([](const auto& entry) { return description::only_field(entry); });
  const auto columns = only([](const auto& entry) { return description::only_column(entry); });
  const auto others = only([](const auto& entry) { return description::only_others(entry); });
  using Described = Description<Row, std::remove_cv_t<decltype(fields)>, std::remove_cv_t<decltype(columns)>,
                                std::remove_cv_t<decltype(others)>>;
  typename Described::Options options;
  if constexpr (std::tuple_size_v < std::remove_cv_t < decltype(others) >>> 0) options.unknown = Unknown::Tell;
  return Described(fields, columns, others, options);
}

// A reader of fields that are objects: field<&Query::profile, object<kProfile>>("profile").
template <const auto& kDescription>
struct ObjectReader {
  template <typename In, typename T>
  bool operator()(In& in, T& out) const {
    return kDescription.read(in, out);
  }
};
template <const auto& kDescription>
inline constexpr ObjectReader<kDescription> object{};

// A reader of fields that are arrays of objects: field<&Profile::functions, list_of<kFunction>>("functions").
template <const auto& kDescription>
struct ListReader {
  template <typename In, typename T>
  bool operator()(In& in, List<T>& out) const {
    return read_list(in, out, object<kDescription>);
  }
};
template <const auto& kDescription>
inline constexpr ListReader<kDescription> list_of{};

// A column that has the same value in each row.
template <auto kValue>
inline constexpr auto constant = [](const RowContext&) { return kValue; };

// A step to an array: column<&Row::queries, each<&Query::sql>>("clickhouse_queries.sql").
// each<>: the elements themselves.
template <auto... kPath>
struct EachStep {
  template <typename Range>
  auto operator()(const Range& range, [[maybe_unused]] const RowContext& context) const {
    if constexpr (sizeof...(kPath) == 0) {
      return Elements{range, [](const auto& element) -> decltype(auto) { return (element); }};
    } else {
      const auto get = [&context](const auto& element) -> decltype(auto) {
        return description::follow<kPath...>(element, context);
      };
      return Elements{range, get};
    }
  }
};
template <auto... kPath>
inline constexpr EachStep<kPath...> each{};

}  // namespace freshet::processors
