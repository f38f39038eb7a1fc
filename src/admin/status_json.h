// The body of /status.
#pragma once

#include <string>
#include <vector>

#include "admin/health.h"
#include "model/dead_letter_note.h"
#include "model/delivery_status.h"
#include "model/insert_format_status.h"
#include "model/renewal.h"
#include "model/status.h"

namespace freshet::admin {

// Whether to show the parts of texts that may quote messages (base/message_text.h).
enum class MessageTexts { Hidden, Shown };

// Replaces hidden parts by a hint where to find them.
std::string text_for(const std::string& text, MessageTexts message_texts);

// The newest times that History knows.
struct RecentTimes {
  PercentileStatus insert_ms;   // one attempt to insert
  PercentileStatus latency_ms;  // from the broker's timestamp until the row is stored
};

// Everything that /status shows. Contains no secrets.
struct ProcessStatus {
  std::string version;
  std::string kafka_client;  // the client library's version
  HealthStatus health;
  HealthStatus ready;
  StreamStatus stream;
  ConsumerStatus consumer;
  DeliveryStatus delivery;
  std::vector<OptionStatus> options;
  InsertFormatStatus insert_format = {};
  RecentTimes times = {};
};

// Renders the fields that for_each_field() lists for each struct.
std::string status_json(const ProcessStatus& status, MessageTexts message_texts = MessageTexts::Hidden);

// A setting as the process started with it, or a live option in force.
struct SettingStatus {
  std::string name;
  std::string value;   // *** for a secret
  std::string source;  // "flag", "environment", "file FILE:LINE", "default", or the store of live options
};

struct SettingsStatus {
  std::vector<SettingStatus> settings;
  std::vector<SettingStatus> options;
};

// The body of GET /settings.
std::string settings_json(const SettingsStatus& status);

// The body of GET /dead-letters.
std::string dead_letters_json(const std::vector<DeadLetterNote>& notes, MessageTexts message_texts);

// The body of GET /renew.
std::string renewal_json(const RenewalReport& report);

}  // namespace freshet::admin
