#include "processors/data_sets/json/typed_objects.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace freshet::processors {
namespace {

using Kind = KeyTarget::Kind;

using Targets = std::vector<std::pair<std::string, KeyTarget>>;

// `a` of `a.b`: with some settings, the server reads an object of this name into the columns of a Nested.
std::string_view nested_name(std::string_view column) {
  const size_t point = column.find('.');
  return point == std::string_view::npos ? std::string_view() : column.substr(0, point);
}

// The keys of JSONEachRow rows.
ObjectKeys column_keys(const TableColumns& table, const Targets& targets, std::span<const std::string> ignored) {
  ObjectKeys keys(table.skips_unknown_fields ? Kind::Skipped : Kind::Json);
  for (const std::string& name : ignored) keys.add(name, {Kind::Ignored});
  for (const auto& [name, target] : targets) {
    keys.add(name, target);
    keys.add_spelling(name);
    if (const auto nested = nested_name(name); !nested.empty()) keys.add_spelling(nested);
  }
  return keys;
}

bool is_left_out(const KeyTarget& target) { return target.kind == Kind::Json || target.kind == Kind::Wanted; }

// Where the insert leaves out one array of a Nested, the server fills it up to the size of the others.
std::set<std::string, std::less<>> incomplete_nested(const Targets& targets) {
  std::set<std::string, std::less<>> names;
  for (const auto& [name, target] : targets) {
    if (const auto nested = nested_name(name); is_left_out(target) && !nested.empty()) names.emplace(nested);
  }
  return names;
}

}  // namespace

void WantedColumns::add(const std::string& column) {
  const SteadyTime now = clock_.steady_now();
  MutexLock lock(mutex_);
  if (used_at_.insert_or_assign(column, now).second) changes_.fetch_add(1, std::memory_order_relaxed);
}

bool WantedColumns::has(const std::string& column) const {
  MutexLock lock(mutex_);
  return used_at_.contains(column);
}

void WantedColumns::forget_unused() {
  const SteadyTime now = clock_.steady_now();
  MutexLock lock(mutex_);
  const size_t forgotten =
      std::erase_if(used_at_, [&](const auto& one) { return now - one.second >= kForgottenAfter; });
  if (forgotten > 0) changes_.fetch_add(1, std::memory_order_relaxed);
}

TypedObjects::TypedObjects(const JsonSettings& settings, const std::vector<std::string>& metadata,
                           const Snapshot<TableColumns>* table, std::shared_ptr<WantedColumns> wanted)
    : settings_(settings), metadata_(metadata), table_(table), wanted_(std::move(wanted)) {}

void TypedObjects::begin_chunk() {
  if (table_ == nullptr) return;
  report_use();
  auto now = table_->get();
  const uint64_t changes = wanted_ ? wanted_->changes() : 0;
  if (now == followed_ && changes == wanted_changes_) return;
  plan_.reset();  // also if memory runs out
  followed_ = std::move(now);
  wanted_changes_ = changes;
  auto plan = make_plan();
  why_json_ = plan ? "" : plan.error().text;
  plan_ = plan ? std::optional(*std::move(plan)) : std::nullopt;
  values_.set_time_texts({followed_->best_effort_times, is_utc(followed_->time_zone)});
}

// Of the chunk before.
void TypedObjects::report_use() {
  if (!plan_ || plan_->wanted.empty()) return;
  for (const size_t index : plan_->wanted) {
    if (plan_->columns[index].object > reported_) wanted_->add(plan_->layout.columns[index]);
  }
  reported_ = object_;
  wanted_->forget_unused();
}

KeyTarget TypedObjects::target_of(const TableColumn& column, uint32_t index, Plan& plan) const {
  auto type = columns::parse_data_type(column.type);
  if (!type || !JsonValueWriter::writes(*type)) return {Kind::Json};
  auto value =
      column.default_expression.empty() ? default_bytes(*type) : default_bytes(*type, column.default_expression);
  // Metadata is there for every row.
  const bool always = std::find(metadata_.begin(), metadata_.end(), column.name) != metadata_.end();
  if (!value && !always && !wanted_) return {Kind::Json};
  if (!value && !always && !wanted_->has(column.name)) return {Kind::Wanted, index};
  if (!value && !always) plan.wanted.push_back(plan.columns.size());
  plan.layout.columns.push_back(column.name);
  plan.layout.types.push_back(column.type);
  plan.columns.push_back({*std::move(type), std::move(value)});
  return {Kind::Column, static_cast<uint32_t>(plan.columns.size() - 1)};
}

Result<TypedObjects::Plan> TypedObjects::make_plan() {
  const TableColumns& table = *followed_;
  if (table.columns.empty()) {
    return failure(ErrorKind::Invalid, table.why_json.empty() ? "the table is not known" : table.why_json);
  }
  Plan plan{{RowFormat::Native, {}, {}}, {}, ObjectKeys(Kind::Ignored), {}, {}};
  Targets targets;
  for (size_t i = 0; i < table.columns.size(); ++i) {
    const TableColumn& column = table.columns[i];
    if (column.computed) continue;  // for the server, its name is an unknown key
    targets.emplace_back(column.name, target_of(column, static_cast<uint32_t>(i), plan));
  }
  const auto incomplete = incomplete_nested(targets);
  for (auto& [name, target] : targets) {
    if (incomplete.contains(nested_name(name))) target = {Kind::Json};
  }
  ObjectKeys columns = column_keys(table, targets, {});
  for (const std::string& name : metadata_) {
    plan.metadata.push_back(columns.find(name));
    if (plan.metadata.back().kind == Kind::Json) {
      return failure(ErrorKind::Invalid, fmt::format("the table has no column {} of a type that freshet knows", name));
    }
  }
  if (settings_.fields.empty()) {
    plan.keys = column_keys(table, targets, metadata_);
  } else {
    for (const auto& [field, column] : settings_.fields) plan.keys.add(field, columns.find(column));
  }
  if (plan.columns.empty()) {
    return failure(ErrorKind::Invalid, "freshet knows the type of no column that inserts fill");
  }
  return plan;
}

bool TypedObjects::add(std::span<const JsonField> fields, std::span<const JsonText> metadata) {
  ++object_;
  size_t count = 0;
  plan_->keys.begin_object();
  for (const JsonField& field : fields) {
    if (!set(plan_->keys.find(field.name), field.value, count)) return false;
  }
  for (size_t i = 0; i < metadata.size(); ++i) {
    if (!set(plan_->metadata[i], metadata[i], count)) return false;
  }
  // Whether the insert may have only unknown keys is checked where the rows are JSON.
  if (count == 0) return false;
  for (const Column& column : plan_->columns) {
    if (!write(column) || bytes_.bytes().size() > kMostBytes) return false;
  }
  return true;
}

bool TypedObjects::set(KeyTarget target, const JsonText& value, size_t& count) {
  switch (target.kind) {
    case Kind::Ignored:
      return true;
    case Kind::Skipped:
      return values_.can_be_skipped(value);
    case Kind::Json:
      return false;
    case Kind::Wanted:
      if (value.text.front() != 'n') wanted_->add(followed_->columns[target.index].name);
      return false;
    case Kind::Column:
      break;
  }
  Column& column = plan_->columns[target.index];
  if (column.object == object_) return false;  // the server rejects a key that occurs twice
  column.object = object_;
  column.value = &value;
  ++count;
  return true;
}

bool TypedObjects::write(const Column& column) {
  const bool there = column.object == object_;
  const bool null = there && column.value->text.front() == 'n';
  if (there && !null) return values_.write(column.type, *column.value);
  if (null && column.type.nullable) {
    bytes_.fixed(uint8_t{1});
    return true;
  }
  if ((null && !followed_->null_as_default) || !column.default_value) return false;
  bytes_.raw(*column.default_value);
  return true;
}

}  // namespace freshet::processors
