// The types of trace items (sentry_protos.snuba.v1.TraceItemType) and their names in metrics.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace freshet::processors {

constexpr int32_t kSpanItem = 1;
constexpr int32_t kMetricItem = 8;

struct EapItemType {
  const char* name;
  const char* cogs_feature;
};

constexpr std::array<EapItemType, 14> kEapItemTypes = {{{"unspecified", "null"},
                                                        {"span", "spans"},
                                                        {"error", "errors"},
                                                        {"log", "our_logs"},
                                                        {"uptime_check", "uptime"},
                                                        {"uptime_result", "uptime"},
                                                        {"replay", "replays"},
                                                        {"occurrence", "issueplatform"},
                                                        {"metric", "trace_metrics"},
                                                        {"profile_function", "profiles"},
                                                        {"attachment", "attachments"},
                                                        {"preprod", "preprod"},
                                                        {"user_session", "sessions"},
                                                        {"processing_error", "processing_errors"}}};

// Index in kEapItemTypes; unknown numbers count as unspecified.
constexpr size_t eap_item_type(int32_t number) {
  return number >= 0 && static_cast<size_t>(number) < kEapItemTypes.size() ? static_cast<size_t>(number) : 0;
}

}  // namespace freshet::processors
