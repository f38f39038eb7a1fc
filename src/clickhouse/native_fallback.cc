#include "clickhouse/native_fallback.h"

#include <fmt/format.h>

#include <string_view>
#include <utility>

#include "clickhouse/clickhouse_events.h"
#include "clickhouse/error_table.h"
#include "clickhouse/insert_url.h"

namespace freshet::clickhouse {
namespace {

// So many errors that may be about the Native format end it for the insert.
constexpr int kDoubtfulAttempts = 3;

}  // namespace

void NativeFallback::begin() {
  doubtful_ = 0;
  refused_by_proxy_.reset();
}

bool NativeFallback::takes_native(size_t host) const {
  return !hosts_.dropped(host).contains(kTypesConversion) && hosts_.native_refused(host, clock_.steady_now()) == 0;
}

void NativeFallback::count_json(size_t host) const {
  if (const int status = hosts_.native_refused(host, clock_.steady_now())) metrics_.sent_as_json(status).add();
}

bool NativeFallback::refused(size_t host, const InsertAttempt& native) {
  if (may_be_format(native)) ++doubtful_;
  if (!is_refused(native) && !is_too_long(native) && doubtful_ < kDoubtfulAttempts) {
    const bool written = native.end == InsertAttempt::End::Written;
    if (written && hosts_.native_worked(host)) log_.emit(NativeAccepted{hosts_.server(host), table_});
    return false;
  }
  if (is_refused_by_proxy(native)) {
    refused_by_proxy_ = native;
  } else {
    report_refused(host, native);
  }
  return true;
}

// A proxy that refuses JSONEachRow, too, is no reason to give up Native.
void NativeFallback::sent_as_json(size_t host, const InsertAttempt& json) {
  const auto refused = std::exchange(refused_by_proxy_, std::nullopt);
  if (json.end == InsertAttempt::End::Written && refused) remember_refusal(host, *refused);
}

void NativeFallback::remember_refusal(size_t host, const InsertAttempt& refused) {
  const int status = refused.error.status;
  metrics_.sent_as_json(status).add();
  std::string why = fmt::format("{}: a proxy answers {} to Native inserts", hosts_.name(host), status);
  if (!hosts_.refuse_native(host, std::move(why), status, clock_.steady_now())) return;
  log_.emit(NativeRefused{hosts_.server(host), table_, status, refused.error.text, refused.advice});
}

void NativeFallback::report_refused(size_t host, const InsertAttempt& refused) {
  const int code = refused.error.code;
  metrics_.sent_as_json(code).add();
  const bool of_setting = code == kUnknownSetting || code == kSettingConstraint;
  std::string_view advice =
      "normal for a minute after a change of the table's columns, and for rows that the table does not accept; if it "
      "lasts, see the text";
  if (of_setting && named_setting(refused.error.text) == kTypesConversion) {
    // Without the setting the Native format is not safe.
    hosts_.drop_setting(host, kTypesConversion);
    advice = "this server gets JSONEachRow from now on, because it does not compare the types of an insert's columns";
  }
  if (!reported_.admit(code, clock_.steady_now())) return;
  log_.emit(InsertSentAsJson{hosts_.server(host), table_, code, refused.error.text, advice});
}

}  // namespace freshet::clickhouse
