// `freshet process`: runs a processor without servers. Reads one case per line, prints one result per line.
#pragma once

#include <functional>
#include <iosfwd>
#include <memory>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "ports/processor.h"
#include "settings/settings.h"

namespace freshet::app {

// Creates the processor for cases of a storage ("" = no storage).
using ProcessorOfStorage = std::function<std::unique_ptr<Processor>(const std::string& storage)>;

// Threads: one.
class CaseRunner {
 public:
  CaseRunner(ProcessorOfStorage make, std::string topic) : make_(std::move(make)), topic_(std::move(topic)) {}

  // Turns one input line into one output line (without line feed). Never throws: an invalid line gives {"error":
  // "..."}.
  std::string run(std::string_view line);

  // Reads cases from `in` until its end. Returns the exit status: 0, or 1 if a line was invalid.
  int run_all(std::istream& in, std::ostream& out);

 private:
  const ProcessorOfStorage make_;
  const std::string topic_;
  std::string storage_;
  std::unique_ptr<Processor> processor_;  // for storage_
};

// `freshet process`. Returns the exit status of run_all(), or 2 if the settings are invalid.
int process(const settings::Settings& settings, Clock& clock, std::istream& in, std::ostream& out,
            std::ostream& errors);

}  // namespace freshet::app
