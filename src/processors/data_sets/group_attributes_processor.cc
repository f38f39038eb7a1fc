#include "processors/data_sets/group_attributes_processor.h"

#include "processors/python/python_invalid.h"
#include "processors/python/python_values.h"
#include "processors/values/read_values.h"

namespace freshet::processors {
namespace {

enum In {
  kProject,
  kGroup,
  kStatus,
  kSubstatus,
  kPriority,
  kFirstRelease,
  kFirstSeen,
  kComments,
  kAssigneeUser,
  kAssigneeTeam,
  kSuspectCommitUser,
  kOwnershipRuleUser,
  kOwnershipRuleTeam,
  kCodeownersUser,
  kCodeownersTeam,
  kDeleted,
};
constexpr Fields kFields({{"project_id", Need::Required},
                          {"group_id", Need::Required},
                          {"status", Need::Required},
                          {"substatus", Need::Required},
                          {"priority"},
                          {"first_release"},
                          {"first_seen", Need::Required},
                          {"num_comments", Need::Required},
                          {"assignee_user_id", Need::Required},
                          {"assignee_team_id", Need::Required},
                          {"owner_suspect_commit_user_id", Need::Required},
                          {"owner_ownership_rule_user_id", Need::Required},
                          {"owner_ownership_rule_team_id", Need::Required},
                          {"owner_codeowners_user_id", Need::Required},
                          {"owner_codeowners_team_id", Need::Required},
                          {"group_deleted", Need::Required}});

// Fields that are written unchanged, by their index.
struct AsIs {
  In field;
  Column column;
};
constexpr AsIs kBeforeFirstSeen[] = {
    {kProject, Column("project_id")},      {kGroup, Column("group_id")},
    {kStatus, Column("group_status")},     {kSubstatus, Column("group_substatus")},
    {kPriority, Column("group_priority")}, {kFirstRelease, Column("group_first_release")},
};
constexpr AsIs kAfterFirstSeen[] = {
    {kComments, Column("group_num_comments")},
    {kAssigneeUser, Column("assignee_user_id")},
    {kAssigneeTeam, Column("assignee_team_id")},
    {kSuspectCommitUser, Column("owner_suspect_commit_user_id")},
    {kOwnershipRuleUser, Column("owner_ownership_rule_user_id")},
    {kOwnershipRuleTeam, Column("owner_ownership_rule_team_id")},
    {kCodeownersUser, Column("owner_codeowners_user_id")},
    {kCodeownersTeam, Column("owner_codeowners_team_id")},
};
constexpr Column kFirstSeenColumn("group_first_seen");
constexpr Column kDeletedColumn("deleted");
constexpr Column kMessageTimestamp("message_timestamp");
constexpr Column kPartition("partition");
constexpr Column kOffset("offset");

}  // namespace

GroupAttributesMessageProcessor::GroupAttributesMessageProcessor(const ProcessorsSettings& settings,
                                                                 const ProcessorEnvironment&)
    : row_(tick_form(settings)) {}

ProcessResult GroupAttributesMessageProcessor::process(const MessageContext& context, const Message& message,
                                                       std::string& rows) {
  if (!message.payload) return null_payload();
  const PythonValue* const root = json_.read(*message.payload);
  if (root == nullptr) return invalid_json(json_);
  if (!root->is_object()) return invalid_value("the message is not an object");
  const auto in = members_of(*root, kFields);
  if (const auto missing = first_missing(in, kFields); !missing.empty()) return missing_field(missing);
  const auto first_seen = in[kFirstSeen]->is_string() ? parse_python_time(in[kFirstSeen]->view()) : std::nullopt;
  if (!first_seen) return invalid_value("first_seen is not a time of the form YYYY-MM-DDThh:mm:ss.fZ");

  row_.clear();
  row_.begin_row();
  for (const AsIs& one : kBeforeFirstSeen) row_.put_as_is(one.column, in[one.field]);
  row_.put_stamp(kFirstSeenColumn, *first_seen);
  for (const AsIs& one : kAfterFirstSeen) row_.put_as_is(one.column, in[one.field]);
  row_.put(kDeletedColumn, static_cast<uint8_t>(is_falsy(*in[kDeleted]) ? 0 : 1));
  row_.put_stamp(kMessageTimestamp, message.timestamp_ms * 1000);
  row_.put(kPartition, context.partition.value);
  row_.put(kOffset, message.offset.value);
  row_.end_row();
  row_.move_to(rows);
  return ProcessResult::rows(1);
}

}  // namespace freshet::processors
