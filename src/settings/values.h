// Values of settings from text; an error's text says what would be right.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "base/files.h"
#include "base/result.h"

namespace freshet::settings {

Result<int64_t> integer(const std::string& text, int64_t least, int64_t most);
Result<double> decimal(const std::string& text, double least, double most);
Result<bool> boolean(const std::string& text);
Result<std::chrono::milliseconds> milliseconds(const std::string& text, int64_t least, int64_t most);
Result<std::chrono::seconds> seconds(const std::string& text, int64_t least, int64_t most);
Result<std::pair<std::string, std::string>> key_value(const std::string& text);  // KEY=VALUE
// A field of a message and the column that it fills. `form`, as a person writes it: "FIELD=COLUMN", or with a part in
// brackets that may be left out where both have one name.
Result<std::pair<std::string, std::string>> to_column(const std::string& text, std::string_view form);
// HOST:PORT[,HOST:PORT...]
Status host_ports(const std::string& text);
// Where a server shall listen: ADDRESS:PORT.
// HOST:PORT of one server, as a URL may hold it.
Status server_address(const std::string& text);
Status listen_address(const std::string& text);
// A name (or an address) without a port, in the form of NetAddress::host.
Result<std::string> host_name(const std::string& text);
bool is_port(const std::string& text);  // 1 to 65535
// udp://HOST:PORT, HOST:PORT, unixgram://PATH or unix://PATH.
Status statsd_address(const std::string& text);
// http[s]://PUBLIC_KEY@HOST[:PORT][/PATH]/PROJECT.
Status sentry_dsn(const std::string& text);
Result<std::string> secret_file(const std::string& path, SecretForm form = SecretForm::OneLine);
// A regular file: what a library opens by its path must not be something that it would wait for.
Status readable_file(const std::string& path);
// The value of a librdkafka property, where it names a file: not a pipe or a device.
Status kafka_file_property(const std::string& property, const std::string& value);
// A file that may be there or not, in a folder that is.
Status writable_file(const std::string& path);
std::string lower_case(std::string text);  // ASCII
// Unix seconds or milliseconds, or 2026-11-23T10:00:00Z (UTC), as milliseconds.
Result<int64_t> timestamp(const std::string& text);

}  // namespace freshet::settings
