// The data sets: each function makes the factory of one data set's processors. registry.cc gives them their names.
#pragma once

#include "ports/processor.h"
#include "processors/environment.h"
#include "processors/processors_settings.h"

namespace freshet::processors {

ProcessorFactory eap_items(const ProcessorsSettings& settings, const ProcessorEnvironment& environment);
ProcessorFactory errors(const ProcessorsSettings& settings, const ProcessorEnvironment& environment);
ProcessorFactory functions(const ProcessorsSettings& settings, const ProcessorEnvironment& environment);
ProcessorFactory generic_counters(const ProcessorsSettings& settings, const ProcessorEnvironment& environment);
ProcessorFactory generic_distributions(const ProcessorsSettings& settings, const ProcessorEnvironment& environment);
ProcessorFactory generic_gauges(const ProcessorsSettings& settings, const ProcessorEnvironment& environment);
ProcessorFactory generic_sets(const ProcessorsSettings& settings, const ProcessorEnvironment& environment);
ProcessorFactory group_attributes(const ProcessorsSettings& settings, const ProcessorEnvironment& environment);
ProcessorFactory llm_proxy_cost(const ProcessorsSettings& settings, const ProcessorEnvironment& environment);
ProcessorFactory outcomes(const ProcessorsSettings& settings, const ProcessorEnvironment& environment);
ProcessorFactory polymorphic_metrics(const ProcessorsSettings& settings, const ProcessorEnvironment& environment);
ProcessorFactory profile_chunks(const ProcessorsSettings& settings, const ProcessorEnvironment& environment);
ProcessorFactory profiles(const ProcessorsSettings& settings, const ProcessorEnvironment& environment);
ProcessorFactory querylog(const ProcessorsSettings& settings, const ProcessorEnvironment& environment);
ProcessorFactory replays(const ProcessorsSettings& settings, const ProcessorEnvironment& environment);
ProcessorFactory search_issues(const ProcessorsSettings& settings, const ProcessorEnvironment& environment);
ProcessorFactory transactions(const ProcessorsSettings& settings, const ProcessorEnvironment& environment);

}  // namespace freshet::processors
