// The structs of an event of the errors data set, with their fields in positional order (docs/snuba-data-sets.md, 2).
#pragma once

#include "processors/json/struct_reader.h"

namespace freshet::processors::errors_fields {

enum Body {
  kData,
  kDatetime,
  kEventId,
  kGroupId,
  kGroupFirstSeen,
  kMessage,
  kPrimaryHash,
  kProjectId,
  kRetentionDays,
  kPlatform
};
inline constexpr Fields kBody({{"data", Need::Required},
                               {"datetime", Need::Defaulted},
                               {"event_id", Need::Required},
                               {"group_id", Need::Required},
                               {"group_first_seen", Need::Defaulted},
                               {"message", Need::Required},
                               {"primary_hash", Need::Required},
                               {"project_id", Need::Required},
                               {"retention_days", Need::Defaulted},
                               {"platform", Need::Defaulted}});

enum Data {
  kContexts,
  kCulprit,
  kErrors,
  kException,
  kLocation,
  kModules,
  kReceived,
  kRequest,
  kSdk,
  kTags,
  kThreads,
  kTitle,
  kType,
  kUser,
  kVersion,
  kSymbolicatedInApp,
  kSampleRate
};
inline constexpr Fields kDataFields({{"contexts", Need::Defaulted},
                                     {"culprit", Need::Defaulted},
                                     {"errors", Need::Defaulted},
                                     {"exception", Need::Defaulted},
                                     {"location", Need::Defaulted},
                                     {"modules", Need::Defaulted},
                                     {"received", Need::Defaulted},
                                     {"request", Need::Defaulted},
                                     {"sdk", Need::Defaulted},
                                     {"tags", Need::Defaulted},
                                     {"threads", Need::Defaulted},
                                     {"title", Need::Defaulted},
                                     {"type", Need::Defaulted},
                                     {"user", Need::Defaulted},
                                     {"version", Need::Defaulted},
                                     {"symbolicated_in_app", Need::Defaulted},
                                     {"sample_rate", Need::Defaulted},
                                     {"sentry.interfaces.Exception", Need::Defaulted, kException},
                                     {"sentry.interfaces.Threads", Need::Defaulted, kThreads},
                                     {"sentry.interfaces.User", Need::Defaulted, kUser}});

enum Contexts { kFlags, kReplay, kTrace };
inline constexpr Fields kContextFields({{"flags"}, {"replay"}, {"trace"}});

enum Trace { kSampled, kSpanId, kTraceId, kParentSpanId };
inline constexpr Fields kTraceFields({{"sampled"}, {"span_id"}, {"trace_id"}, {"parent_span_id"}});

enum Flag { kFlag, kResult };
inline constexpr Fields kFlagFields({{"flag", Need::Defaulted}, {"result", Need::Defaulted}});

enum ExceptionValue { kStacktrace, kMechanism, kExceptionType, kExceptionValue, kThreadId };
inline constexpr Fields kExceptionFields({{"stacktrace", Need::Defaulted},
                                          {"mechanism", Need::Defaulted},
                                          {"type", Need::Defaulted},
                                          {"value", Need::Defaulted},
                                          {"thread_id", Need::Defaulted}});

enum Mechanism { kMechanismType, kHandled };
inline constexpr Fields kMechanismFields({{"type", Need::Defaulted}, {"handled", Need::Defaulted}});

enum Frame { kAbsPath, kFilename, kPackage, kModule, kFunction, kInApp, kColno, kLineno };
inline constexpr Fields kFrameFields({{"abs_path", Need::Defaulted},
                                      {"filename", Need::Defaulted},
                                      {"package", Need::Defaulted},
                                      {"module", Need::Defaulted},
                                      {"function", Need::Defaulted},
                                      {"in_app", Need::Defaulted},
                                      {"colno", Need::Defaulted},
                                      {"lineno", Need::Defaulted}});

enum Thread { kId, kMain };
inline constexpr Fields kThreadFields({{"id", Need::Defaulted}, {"main", Need::Defaulted}});

enum Request { kMethod, kHeaders };
inline constexpr Fields kRequestFields({{"method", Need::Defaulted}, {"headers", Need::Defaulted}});

enum Sdk { kSdkName, kSdkVersion, kIntegrations };
inline constexpr Fields kSdkFields({{"name", Need::Defaulted},
                                    {"version", Need::Defaulted},
                                    {"integrations", Need::Defaulted}});

enum User { kEmail, kUserId, kIpAddress, kUsername, kGeo };
inline constexpr Fields kUserFields({{"email", Need::Defaulted},
                                     {"id", Need::Defaulted},
                                     {"ip_address", Need::Defaulted},
                                     {"username", Need::Defaulted},
                                     {"geo", Need::Defaulted}});

// The struct around most lists of the message: one field, `values`.
inline constexpr Fields kValues({{"values", Need::Defaulted}});
inline constexpr Fields kFrames({{"frames", Need::Defaulted}});
inline constexpr Fields kReplayFields({{"replay_id", Need::Defaulted}});

}  // namespace freshet::processors::errors_fields
