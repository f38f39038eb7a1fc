#include "processors/data_sets/replays/replay_row.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <string>

#include "processors/values/conversions.h"
#include "processors/values/random_uuid.h"

namespace freshet::processors {
namespace {

constexpr Column kBrowserName("browser_name");
constexpr Column kBrowserVersion("browser_version");
constexpr Column kClickAlt("click_alt");
constexpr Column kClickAriaLabel("click_aria_label");
constexpr Column kClickClass("click_class");
constexpr Column kClickComponentName("click_component_name");
constexpr Column kClickId("click_id");
constexpr Column kClickIsDead("click_is_dead");
constexpr Column kClickIsRage("click_is_rage");
constexpr Column kClickNodeId("click_node_id");
constexpr Column kClickRole("click_role");
constexpr Column kClickTag("click_tag");
constexpr Column kClickTestid("click_testid");
constexpr Column kClickText("click_text");
constexpr Column kClickTitle("click_title");
constexpr Column kDebugId("debug_id");
constexpr Column kDeviceBrand("device_brand");
constexpr Column kDeviceFamily("device_family");
constexpr Column kDeviceModel("device_model");
constexpr Column kDeviceName("device_name");
constexpr Column kDist("dist");
constexpr Column kEnvironment("environment");
constexpr Column kErrorId("error_id");
constexpr Column kErrorIds("error_ids");
constexpr Column kErrorSampleRate("error_sample_rate");
constexpr Column kEventHash("event_hash");
constexpr Column kFatalId("fatal_id");
constexpr Column kInfoId("info_id");
constexpr Column kIpAddressV4("ip_address_v4");
constexpr Column kIpAddressV6("ip_address_v6");
constexpr Column kIsArchived("is_archived");
constexpr Column kOffset("offset");
constexpr Column kOsName("os_name");
constexpr Column kOsVersion("os_version");
constexpr Column kOtaUpdatesChannel("ota_updates_channel");
constexpr Column kOtaUpdatesRuntimeVersion("ota_updates_runtime_version");
constexpr Column kOtaUpdatesUpdateId("ota_updates_update_id");
constexpr Column kPartition("partition");
constexpr Column kPlatform("platform");
constexpr Column kProjectId("project_id");
constexpr Column kRelease("release");
constexpr Column kReplayId("replay_id");
constexpr Column kReplayStartTimestamp("replay_start_timestamp");
constexpr Column kReplayType("replay_type");
constexpr Column kRetentionDays("retention_days");
constexpr Column kSdkName("sdk_name");
constexpr Column kSdkVersion("sdk_version");
constexpr Column kSegmentId("segment_id");
constexpr Column kSessionSampleRate("session_sample_rate");
constexpr Column kTagsKey("tags.key");
constexpr Column kTagsValue("tags.value");
constexpr Column kTapMessage("tap_message");
constexpr Column kTapViewClass("tap_view_class");
constexpr Column kTapViewId("tap_view_id");
constexpr Column kTimestamp("timestamp");
constexpr Column kTitle("title");
constexpr Column kTraceIds("trace_ids");
constexpr Column kUrls("urls");
constexpr Column kSegmentNames("segment_names");
constexpr Column kUserEmail("user_email");
constexpr Column kUserId("user_id");
constexpr Column kUserName("user_name");
constexpr Column kUser("user");
constexpr Column kUserGeoCity("user_geo_city");
constexpr Column kUserGeoCountryCode("user_geo_country_code");
constexpr Column kUserGeoRegion("user_geo_region");
constexpr Column kUserGeoSubdivision("user_geo_subdivision");
constexpr Column kViewedById("viewed_by_id");
constexpr Column kWarningId("warning_id");

template <typename T>
void put_list(const Column& column, const std::vector<T>& values, RowWriter& row) {
  row.key(column);
  row.begin_array();
  for (const T& value : values) row.value(value);
  row.end_array();
}

// The first identifier that is present, even if it is empty.
void put_user(const ReplayMessage& m, RowWriter& row) {
  for (const auto* text : {&m.user_id, &m.user_name, &m.user_email}) {
    if (*text) return row.put(kUser, **text);
  }
  if (m.ip_address) return row.put(kUser, *m.ip_address);
  row.put(kUser, JsonString());
}

Uuid md5_of(uint32_t segment_id, const Md5& md5) {
  std::array<char, 16> text;
  const char* const end = std::to_chars(text.data(), text.data() + text.size(), segment_id).ptr;
  return {md5.digest({text.data(), static_cast<size_t>(end - text.data())})};
}

Uuid uuid_of(uint64_t number) {
  Uuid uuid;
  for (size_t i = 16; i-- > 8; number >>= 8) uuid.bytes[i] = static_cast<uint8_t>(number);
  return uuid;
}

Uuid event_hash_of(const ReplayMessage& m, const Md5& md5, const GeneratedValues& values) {
  if (m.kind == ReplayKind::Viewed) return uuid_of(m.viewed_by_id);
  if (m.event_hash) return *m.event_hash;
  return m.segment_id ? md5_of(*m.segment_id, md5) : values.id(random_uuid);
}

struct Place {
  int64_t offset;
  int32_t partition;
};

void write_row(const ReplayMessage& m, const ReplayClick& c, const ReplayTap& t, const Uuid& event_hash,
               double timestamp, const Place& place, RowWriter& row) {
  const auto v4 = m.ip_address && !m.ip_address->v6 ? m.ip_address : std::nullopt;
  const auto v6 = m.ip_address && m.ip_address->v6 ? m.ip_address : std::nullopt;
  const auto segment = m.segment_id && *m.segment_id <= UINT16_MAX ? m.segment_id : std::nullopt;
  const auto start = m.replay_start_timestamp ? std::optional(to_u32(*m.replay_start_timestamp)) : std::nullopt;
  row.begin_row();
  row.put(kBrowserName, m.browser.name);
  row.put(kBrowserVersion, m.browser.version);
  row.put(kClickAlt, c.alt);
  row.put(kClickAriaLabel, c.aria_label);
  put_list(kClickClass, c.css_class, row);
  row.put(kClickComponentName, c.component_name);
  row.put(kClickId, c.id);
  row.put(kClickIsDead, c.is_dead);
  row.put(kClickIsRage, c.is_rage);
  row.put(kClickNodeId, c.node_id);
  row.put(kClickRole, c.role);
  row.put(kClickTag, c.tag);
  row.put(kClickTestid, c.testid);
  row.put(kClickText, c.text);
  row.put(kClickTitle, c.title);
  row.put(kDebugId, m.debug_id);
  row.put(kDeviceBrand, m.device_brand);
  row.put(kDeviceFamily, m.device_family);
  row.put(kDeviceModel, m.device_model);
  row.put(kDeviceName, m.device_name);
  row.put(kDist, m.dist);
  row.put(kEnvironment, m.environment);
  row.put(kErrorId, m.error_id);
  put_list(kErrorIds, m.error_ids, row);
  row.put(kErrorSampleRate, m.error_sample_rate.value_or(-1));
  row.put(kEventHash, event_hash);
  row.put(kFatalId, m.fatal_id);
  row.put(kInfoId, m.info_id);
  row.put(kIpAddressV4, v4);
  row.put(kIpAddressV6, v6);
  row.put(kIsArchived, uint8_t{m.is_archived});
  row.put(kOffset, place.offset);
  row.put(kOsName, m.os.name);
  row.put(kOsVersion, m.os.version);
  row.put(kOtaUpdatesChannel, m.ota_channel);
  row.put(kOtaUpdatesRuntimeVersion, m.ota_runtime_version);
  row.put(kOtaUpdatesUpdateId, m.ota_update_id);
  row.put(kPartition, place.partition);
  row.put(kPlatform, m.platform);
  row.put(kProjectId, m.project_id);
  row.put(kRelease, m.release);
  row.put(kReplayId, m.kind == ReplayKind::Event ? m.event_replay_id : m.replay_id);
  row.put(kReplayStartTimestamp, start);
  row.put(kReplayType, m.replay_type);
  row.put(kRetentionDays, m.retention_days);
  row.put(kSdkName, m.sdk.name);
  row.put(kSdkVersion, m.sdk.version);
  row.put(kSegmentId, segment);
  row.put(kSessionSampleRate, m.session_sample_rate.value_or(-1));
  put_list(kTagsKey, m.tag_keys, row);
  put_list(kTagsValue, m.tag_values, row);
  row.put(kTapMessage, t.message);
  row.put(kTapViewClass, t.view_class);
  row.put(kTapViewId, t.view_id);
  row.put(kTimestamp, to_u32(timestamp));
  row.put(kTitle, m.title);
  put_list(kTraceIds, m.trace_ids, row);
  put_list(kUrls, m.urls, row);
  put_list(kSegmentNames, m.segment_names, row);
  row.put(kUserEmail, m.user_email.value_or(JsonString()));
  row.put(kUserId, m.user_id.value_or(JsonString()));
  row.put(kUserName, m.user_name.value_or(JsonString()));
  put_user(m, row);
  row.put(kUserGeoCity, m.geo_city);
  row.put(kUserGeoCountryCode, m.geo_country_code);
  row.put(kUserGeoRegion, m.geo_region);
  row.put(kUserGeoSubdivision, m.geo_subdivision);
  row.put(kViewedById, m.viewed_by_id);
  row.put(kWarningId, m.warning_id);
  row.end_row();
}

}  // namespace

void ReplayMessage::clear() {
  ReplayMessage empty;
  const auto keep = [](auto& from, auto& to) {
    from.clear();
    to.swap(from);
  };
  keep(clicks, empty.clicks);
  keep(taps, empty.taps);
  keep(urls, empty.urls);
  keep(segment_names, empty.segment_names);
  keep(trace_ids, empty.trace_ids);
  keep(error_ids, empty.error_ids);
  keep(tag_keys, empty.tag_keys);
  keep(tag_values, empty.tag_values);
  *this = std::move(empty);
}

uint32_t write_replay_rows(const ReplayMessage& m, int64_t offset, int32_t partition, const Md5& md5,
                           const GeneratedValues& values, RowWriter& row) {
  const Place place{offset, partition};
  static const ReplayClick kNoClick;
  static const ReplayTap kNoTap;
  switch (m.kind) {
    case ReplayKind::Clicks:
      for (const ReplayClick& click : m.clicks) {
        write_row(m, click, kNoTap, click.event_hash, click.timestamp, place, row);
      }
      return static_cast<uint32_t>(m.clicks.size());
    case ReplayKind::Taps:
      for (const ReplayTap& tap : m.taps) write_row(m, kNoClick, tap, tap.event_hash, tap.timestamp, place, row);
      return static_cast<uint32_t>(m.taps.size());
    case ReplayKind::Event:
    case ReplayKind::Link:
    case ReplayKind::Viewed:
      break;
  }
  write_row(m, kNoClick, kNoTap, event_hash_of(m, md5, values), m.timestamp, place, row);
  return 1;
}

}  // namespace freshet::processors
