// The body of /status.
#pragma once

#include <string>

#include "admin/health.h"
#include "model/options.h"
#include "model/renewal.h"
#include "model/status.h"

namespace freshet::admin {

// Parts of texts that may repeat what messages hold (base/message_text.h).
enum class MessageTexts { Hidden, Shown };

// Hidden parts are replaced by where to look.
std::string text_for(const std::string& text, MessageTexts message_texts);

// `kafka_client`: the client library's version. Holds no secret: statuses carry none.
std::string status_json(const StreamStatus& status, const SessionStatus& session, const LiveOptions& options,
                        const Answer& health, const Answer& ready, const std::string& version,
                        const std::string& kafka_client, MessageTexts message_texts = MessageTexts::Hidden);

// The body of GET /renew.
std::string renewal_json(const RenewalReport& report);

}  // namespace freshet::admin
