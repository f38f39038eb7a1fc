// The body of /status.
#pragma once

#include <string>
#include <vector>

#include "admin/health.h"
#include "model/renewal.h"
#include "model/status.h"

namespace freshet::admin {

// Parts of texts that may repeat what messages hold (base/message_text.h).
enum class MessageTexts { Hidden, Shown };

// Hidden parts are replaced by where to look.
std::string text_for(const std::string& text, MessageTexts message_texts);

// Everything that /status shows. Holds no secret.
struct ProcessStatus {
  std::string version;
  std::string kafka_client;  // the client library's version
  HealthStatus health;
  HealthStatus ready;
  StreamStatus stream;
  ConsumerStatus consumer;
  std::vector<OptionStatus> options;
};

// Fields come from the descriptions beside the structs (for_each_field).
std::string status_json(const ProcessStatus& status, MessageTexts message_texts = MessageTexts::Hidden);

// The body of GET /renew.
std::string renewal_json(const RenewalReport& report);

}  // namespace freshet::admin
