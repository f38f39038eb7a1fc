// The state of issues, for sorting and filtering. One row per message.
//   invalid  null_payload, invalid_message (not JSON), missing_field, invalid_value
#include "processors/data_sets/data_sets.h"
#include "processors/description/described_processor.h"
#include "processors/python/python_processor.h"
#include "processors/python/python_values.h"

namespace freshet::processors {
namespace {

// Fields that are written unchanged may have any type.
struct Group {
  AnyValue project_id;
  AnyValue group_id;
  AnyValue status;
  AnyValue substatus;
  AnyValue priority;
  AnyValue first_release;
  std::optional<int64_t> first_seen;  // microseconds since 1970
  AnyValue comments;
  AnyValue assignee_user;
  AnyValue assignee_team;
  AnyValue suspect_commit_user;
  AnyValue ownership_rule_user;
  AnyValue ownership_rule_team;
  AnyValue codeowners_user;
  AnyValue codeowners_team;
  AnyValue deleted;
};

bool read_time(PythonField& in, std::optional<int64_t>& out) {
  out = in.value->is_string() ? parse_python_time(in.value->view()) : std::nullopt;
  return true;
}
Stamp first_seen(const Group& g) { return {*g.first_seen}; }
uint8_t deleted(const Group& g) { return is_falsy(*g.deleted.value) ? 0 : 1; }

using G = Group;
constexpr auto kGroup =
    describe<G>(both<&G::project_id>("project_id", Need::Required),                                           //
                both<&G::group_id>("group_id", Need::Required),                                               //
                field<&G::status>("status", Need::Required), column<&G::status>("group_status"),              //
                field<&G::substatus>("substatus", Need::Required), column<&G::substatus>("group_substatus"),  //
                field<&G::priority>("priority"), column<&G::priority>("group_priority"),                      //
                field<&G::first_release>("first_release"), column<&G::first_release>("group_first_release"),  //
                field<&G::first_seen, read_time>("first_seen", Need::Required),                               //
                column<first_seen>("group_first_seen"),                                                       //
                field<&G::comments>("num_comments", Need::Required), column<&G::comments>("group_num_comments"),
                both<&G::assignee_user>("assignee_user_id", Need::Required),                      //
                both<&G::assignee_team>("assignee_team_id", Need::Required),                      //
                both<&G::suspect_commit_user>("owner_suspect_commit_user_id", Need::Required),    //
                both<&G::ownership_rule_user>("owner_ownership_rule_user_id", Need::Required),    //
                both<&G::ownership_rule_team>("owner_ownership_rule_team_id", Need::Required),    //
                both<&G::codeowners_user>("owner_codeowners_user_id", Need::Required),            //
                both<&G::codeowners_team>("owner_codeowners_team_id", Need::Required),            //
                field<&G::deleted>("group_deleted", Need::Required), column<deleted>("deleted"),  //
                column<message_time>("message_timestamp"),                                        //
                column<partition_of>("partition"), column<offset_of>("offset"));

class GroupAttributesProcessor final : public PythonProcessor<kGroup> {
 public:
  using PythonProcessor::PythonProcessor;

 private:
  ProcessResult read(const PythonValue& root, Group& row) override {
    if (!root.is_object()) return invalid_value("the message is not an object");
    row = {};
    if (const auto missing = pick<kGroup>(&root, row); !missing.empty()) return missing_field(missing);
    if (!row.first_seen) return invalid_value("first_seen is not a time of the form YYYY-MM-DDThh:mm:ss.fZ");
    return ProcessResult::rows(1);
  }
};

}  // namespace

ProcessorFactory group_attributes(const ProcessorsSettings& settings, const ProcessorEnvironment& environment) {
  return factory_of<GroupAttributesProcessor>(settings, environment);
}

}  // namespace freshet::processors
