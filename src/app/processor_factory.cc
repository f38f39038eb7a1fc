#include "app/processor_factory.h"

#include <algorithm>

#include "processors/registry.h"
#include "python_worker/python_processor.h"

namespace freshet::app {
namespace {

processors::PythonSettings python_of(const processors::ProcessorsSettings& settings) {
  processors::PythonSettings python = settings.python;
  const size_t point = settings.processor.rfind('.');
  if (point != std::string::npos) {
    python.use = true;
    python.module = settings.processor.substr(0, point);
    python.class_name = settings.processor.substr(point + 1);
  } else if (!python.module.empty()) {
    const auto ours = processors::names();
    if (std::find(ours.begin(), ours.end(), settings.processor) == ours.end()) python.use = true;
  }
  return python;
}

}  // namespace

bool runs_python(const processors::ProcessorsSettings& settings) { return python_of(settings).use; }

Result<ProcessorFactory> processor_factory(const processors::ProcessorsSettings& settings,
                                           const processors::ProcessorEnvironment& environment, Log& log) {
  const processors::PythonSettings python = python_of(settings);
  if (!python.use) return processors::make_factory(settings, environment);
  return python_worker::make_factory(python, *environment.clock, log, *environment.metrics);
}

Result<ProcessorFactory> json_processor_factory(processors::ProcessorsSettings settings,
                                                const processors::ProcessorEnvironment& environment, Log& log) {
  settings.row_binary = false;
  return processor_factory(settings, environment, log);
}

}  // namespace freshet::app
