// `freshet process`: tries a processor without servers. One case a line in, one answer a line out.
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

// Makes the processor for cases of one storage ("" = none in particular).
using ProcessorOfStorage = std::function<std::unique_ptr<Processor>(const std::string& storage)>;

// Threads: one.
class CaseRunner {
 public:
  CaseRunner(ProcessorOfStorage make, std::string topic) : make_(std::move(make)), topic_(std::move(topic)) {}

  // One input line to one output line (without line feed); never throws. A line that is no case gives
  // {"error": "..."}.
  std::string run(std::string_view line);

  // Reads cases from `in` until its end. Returns the exit status: 0, or 1 when a line was no case.
  int run_all(std::istream& in, std::ostream& out);

 private:
  const ProcessorOfStorage make_;
  const std::string topic_;
  std::string storage_;
  std::unique_ptr<Processor> processor_;  // for storage_
};

// `freshet process`. Returns the exit status: that of run_all(), or 2 when the settings are wrong.
int process(const settings::Settings& settings, Clock& clock, std::istream& in, std::ostream& out,
            std::ostream& errors);

}  // namespace freshet::app
