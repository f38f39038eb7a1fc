#include "testkit/freshet_process.h"

#include <signal.h>

#include <filesystem>
#include <stdexcept>

namespace freshet::testkit {

std::string freshet_program() {
  const auto self = std::filesystem::read_symlink("/proc/self/exe").parent_path();
  for (auto folder = self; folder != folder.root_path(); folder = folder.parent_path()) {
    if (std::filesystem::is_regular_file(folder / "freshet")) return (folder / "freshet").string();
  }
  throw std::runtime_error("freshet is not built; run ./dev build");
}

std::vector<std::string> streaming_command(const std::string& command, const std::string& bootstrap,
                                           const std::string& topic, const std::string& clickhouse_url,
                                           const std::vector<std::string>& more) {
  std::vector<std::string> all = {command,
                                  "--bootstrap-server",
                                  bootstrap,
                                  "--topic",
                                  topic,
                                  "--consumer-group",
                                  topic,
                                  "--clickhouse-url",
                                  clickhouse_url,
                                  "--table",
                                  "default." + topic};
  all.insert(all.end(), more.begin(), more.end());
  return all;
}

FreshetProcess::FreshetProcess(std::vector<std::string> args, const std::map<std::string, std::string>& environment) {
  args.insert(args.begin(), freshet_program());
  process_ = std::make_unique<ChildProcess>(args, folder_.path("freshet.out"), environment);
}

std::optional<int> FreshetProcess::stop(std::chrono::seconds limit) {
  process_->signal(SIGTERM);
  return process_->wait(limit);
}

}  // namespace freshet::testkit
