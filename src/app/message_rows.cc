#include "app/message_rows.h"

#include "stream/message_limits.h"

namespace freshet::app {

ProcessResult rows_of_message(Processor& processor, const std::string& topic, const OwnedMessage& message,
                              uint64_t memory_limit, std::string& rows) {
  const auto too_large = stream::too_large_to_process(message.payload ? message.payload->size() : 0, memory_limit);
  if (too_large) return ProcessResult::invalid("too_large", *too_large);
  const Message view = view_of(message);
  const MessageContext context{topic, Partition{message.partition}};
  processor.begin_chunk(context, {&view, 1});
  ProcessResult result = processor.process(context, view, rows);
  if (result.kind != ProcessResult::Kind::Rows) return result;
  const auto why = stream::too_large_to_insert(result.row_count, rows.size());
  return why ? ProcessResult::invalid("too_large", *why) : result;
}

}  // namespace freshet::app
