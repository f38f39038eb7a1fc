// Parses values of settings. The text of an error says what would be valid.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "base/files.h"
#include "base/result.h"
#include "secrets/secret.h"

namespace freshet::settings {

// The process cannot start with this setting.
inline tl::unexpected<Error> wrong(std::string text) { return failure(ErrorKind::Fatal, std::move(text)); }

Result<int64_t> integer(const std::string& text, int64_t least, int64_t most);
Result<double> decimal(const std::string& text, double least, double most);
Result<bool> boolean(const std::string& text);
Result<std::chrono::milliseconds> milliseconds(const std::string& text, int64_t least, int64_t most);
Result<std::chrono::seconds> seconds(const std::string& text, int64_t least, int64_t most);
Result<std::pair<std::string, std::string>> key_value(const std::string& text);  // KEY=VALUE
// Parses a field of a message and the column that it fills. `form` is the syntax shown to users: "FIELD=COLUMN", or
// with the part in brackets that may be omitted if both names are the same.
Result<std::pair<std::string, std::string>> to_column(const std::string& text, std::string_view form);
// HOST:PORT[,HOST:PORT...]
Status host_ports(const std::string& text);
// HOST:PORT of one server, as in a URL.
Status server_address(const std::string& text);
// ADDRESS:PORT to listen on.
Status listen_address(const std::string& text);
// A host name or address without a port, in the form of NetAddress::host.
Result<std::string> host_name(const std::string& text);
bool is_port(const std::string& text);  // 1 to 65535
// udp://HOST:PORT, HOST:PORT, unixgram://PATH or unix://PATH.
Status statsd_address(const std::string& text);
// http[s]://PUBLIC_KEY@HOST[:PORT][/PATH]/PROJECT.
Status sentry_dsn(const std::string& text);
// A secret from FILE or exec:COMMAND.
Result<secrets::SecretSource> secret_source(const std::string& from, SecretForm form = SecretForm::OneLine);
// A certificate or a key: FILE, which is only checked and stays in its place, or exec:COMMAND, which is run.
Status pem_source(const std::string& from, std::string& file, secrets::SecretSource& source);
// A regular file: a library that opens the path must not block, as on a pipe.
Status readable_file(const std::string& path);
// For a librdkafka property that names a file: the value must not be a pipe or a device.
Status kafka_file_property(const std::string& property, const std::string& value);
// A regular file, existing or not, in an existing directory.
Status writable_file(const std::string& path);
std::string lower_case(std::string text);  // ASCII
// Parses Unix seconds or milliseconds, or 2026-11-23T10:00:00Z (UTC). Returns milliseconds.
Result<int64_t> timestamp(const std::string& text);

}  // namespace freshet::settings
