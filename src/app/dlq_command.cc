#include "app/dlq_command.h"

#include <fmt/format.h>

#include <array>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <utility>

#include "app/base64.h"
#include "app/replay_check.h"
#include "base/json.h"
#include "base/log.h"
#include "base/secret_mask.h"
#include "base/terminal_text.h"
#include "dead_letters/dead_letter_text.h"
#include "dead_letters/dead_letter_topic.h"
#include "dead_letters/purge.h"
#include "dead_letters/replay.h"
#include "dead_letters/selection.h"
#include "kafka/record_deletion.h"
#include "secrets/secret_store.h"

namespace freshet::app {
namespace {

using dead_letters::ReplayOutcome;
using dead_letters::Selection;
using dead_letters::State;
using dead_letters::StoredDeadLetter;
using nlohmann::json;

constexpr Duration kDeleteTimeout = std::chrono::seconds(30);
constexpr Duration kProgressEvery = std::chrono::seconds(5);

Selection selection_of(const settings::Settings& settings, State by_default) {
  Selection selection = settings.dead_letters.selection;
  selection.state = settings.dead_letters.state.value_or(by_default);
  return selection;
}

int failed(const Error& error, const settings::Settings& settings, CommandOutput to, int status = 1) {
  to.errors << "freshet: " << terminal_text(SecretMask(settings.telemetry.secrets).masked(error.text), SIZE_MAX)
            << '\n';
  return status;
}

// Calls `take` with each selected dead letter until it returns false.
using Take = std::function<bool(const StoredDeadLetter&, bool replayed)>;
Status each_selected(const settings::Settings& settings, Clock& clock, const std::stop_token& stop, const Take& take) {
  const kafka::KafkaSettings& k = settings.pipeline.kafka;
  auto topic = dead_letters::DeadLetterTopic::open(k.connection, k.dead_letter_topic, stop, clock, null_log());
  if (!topic) return tl::make_unexpected(topic.error());
  const Selection selection = selection_of(settings, State::Any);
  return topic->each([&](const dead_letters::TopicRecord& record) {
    const StoredDeadLetter* letter = record.letter();
    return letter == nullptr || !matches(selection, *letter, record.replayed) || take(*letter, record.replayed);
  });
}

json base64_or_null(const std::optional<std::string>& bytes) { return bytes ? json(to_base64(*bytes)) : json(); }

// A line that `freshet process` reads.
std::string json_with_contents(const StoredDeadLetter& letter, bool replayed) {
  json out = dead_letters::metadata_of(letter, replayed);
  out["message"] = base64_or_null(letter.payload);
  out["key"] = base64_or_null(letter.key);
  out["headers"] = json::array();
  for (const auto& [name, value] : letter.headers) out["headers"].push_back({name, base64_or_null(value)});
  return to_json_text(out) + '\n';
}

// Prints at most --limit texts. Returns how many.
using TextOf = std::string (*)(const StoredDeadLetter&, bool replayed);
Result<uint64_t> print_each(const settings::Settings& settings, Clock& clock, const std::stop_token& stop,
                            std::ostream& out, TextOf text_of) {
  uint64_t printed = 0;
  const Status read = each_selected(settings, clock, stop, [&](const StoredDeadLetter& letter, bool replayed) {
    out << text_of(letter, replayed);
    return out.good() && ++printed != settings.dead_letters.limit;
  });
  if (!read) return tl::make_unexpected(read.error());
  return printed;
}

struct OutcomeText {
  const char* name;  // in JSON
  const char* text;
  bool good;
};

// In the order of ReplayOutcome.
constexpr std::array kOutcomes = {
    OutcomeText{"replayed", "replayed", true},
    OutcomeText{"would_be_replayed", "would be replayed", true},
    OutcomeText{"still_invalid", "still invalid", false},
    OutcomeText{"not_checked", "not checked", false},
    OutcomeText{"rejected", "rejected by the topic", false},
};

// Prints what happens to each dead letter, and how far a long replay is.
class ReplayReport {
 public:
  ReplayReport(bool as_json, Clock& clock, CommandOutput to)
      : json_(as_json), clock_(clock), to_(to), told_at_(clock.steady_now()) {}

  void add(const StoredDeadLetter& letter, ReplayOutcome outcome, const std::string& why) {
    const OutcomeText& text = kOutcomes[static_cast<size_t>(outcome)];
    ++counts_[static_cast<size_t>(outcome)];
    if (json_) {
      json line = dead_letters::metadata_of(letter, outcome == ReplayOutcome::Replayed);
      line["outcome"] = text.name;
      if (!why.empty()) line["why"] = why;
      to_.out << to_json_text(line) << '\n';
    } else if (!text.good || outcome == ReplayOutcome::WouldBeReplayed) {
      to_.out << fmt::format("{}:{}  {}{}{}\n", letter.position.partition.value, letter.position.offset.value,
                             text.text, why.empty() ? "" : ": ", terminal_text(why));
    }
    if (clock_.steady_now() - told_at_ < kProgressEvery) return;
    told_at_ = clock_.steady_now();
    to_.errors << "freshet: so far " << summary() << '\n';
  }

  std::string summary() const {
    std::string out;
    for (size_t i = 0; i < kOutcomes.size(); ++i) {
      if (counts_[i] > 0) out += fmt::format("{}{} {}", out.empty() ? "" : ", ", counts_[i], kOutcomes[i].text);
    }
    return out.empty() ? "nothing to replay" : out;
  }

  bool all_good() const {
    for (size_t i = 0; i < kOutcomes.size(); ++i) {
      if (!kOutcomes[i].good && counts_[i] > 0) return false;
    }
    return true;
  }

 private:
  const bool json_;
  Clock& clock_;
  const CommandOutput to_;
  SteadyTime told_at_;
  std::array<uint64_t, kOutcomes.size()> counts_{};
};

}  // namespace

int dlq_list(const settings::Settings& settings, Clock& clock, std::stop_token stop, CommandOutput to) {
  const TextOf line = [](const StoredDeadLetter& letter, bool replayed) {
    return dead_letters::line_of(letter, replayed) + '\n';
  };
  const TextOf json_line = [](const StoredDeadLetter& letter, bool replayed) {
    return to_json_text(dead_letters::metadata_of(letter, replayed)) + '\n';
  };
  const auto printed = print_each(settings, clock, stop, to.out, settings.json ? json_line : line);
  return printed ? 0 : failed(printed.error(), settings, to);
}

int dlq_show(const settings::Settings& settings, Clock& clock, std::stop_token stop, CommandOutput to) {
  const auto printed =
      print_each(settings, clock, stop, to.out, settings.json ? json_with_contents : dead_letters::details_of);
  if (!printed) return failed(printed.error(), settings, to);
  if (*printed > 0) return 0;
  to.errors << "freshet: there is no such dead letter; `freshet dlq list` prints what there is\n";
  return 1;
}

int dlq_count(const settings::Settings& settings, Clock& clock, std::stop_token stop, CommandOutput to) {
  dead_letters::DeadLetterCounts counts;
  const Status read = each_selected(settings, clock, stop, [&](const StoredDeadLetter& letter, bool replayed) {
    counts.add(letter, replayed);
    return true;
  });
  if (!read) return failed(read.error(), settings, to);
  to.out << (settings.json ? counts.json() : counts.text());
  return 0;
}

int dlq_replay(const settings::Settings& settings, Clock& clock, std::stop_token stop, CommandOutput to) {
  const settings::Pipeline& p = settings.pipeline;
  SecretMask secrets(settings.telemetry.secrets);
  secrets::PlainSecretStore store(clock, &secrets);
  dead_letters::DeadLettersSettings wanted = settings.dead_letters;
  wanted.selection = selection_of(settings, State::Open);
  ReplayReport report(settings.json, clock, to);
  dead_letters::ReplayHooks hooks;
  std::unique_ptr<ReplayCheck> check;
  if (wanted.check) {
    auto opened = ReplayCheck::open(p, clock, store.get(), stop);
    if (!opened) return failed(opened.error(), settings, to, opened.error().kind == ErrorKind::Fatal ? 2 : 1);
    check = *std::move(opened);
    hooks.check = [&](const StoredDeadLetter& letter) { return check->check(letter); };
  }
  hooks.tell = [&](const auto& letter, auto outcome, const auto& why) {
    report.add(letter, outcome, secrets.masked(why));
  };
  const Status done =
      dead_letters::replay(p.kafka.connection, p.kafka.dead_letter_topic, wanted, hooks, stop, clock, null_log());
  to.errors << "freshet: " << report.summary() << '\n';
  if (!done) return failed(done.error(), settings, to);
  return report.all_good() ? 0 : 1;
}

int dlq_purge(const settings::Settings& settings, Clock& clock, std::stop_token stop, CommandOutput to) {
  const kafka::KafkaSettings& k = settings.pipeline.kafka;
  const bool confirmed = settings.dead_letters.confirmed;
  const auto plan = dead_letters::plan_purge(k.connection, k.dead_letter_topic, selection_of(settings, State::Replayed),
                                             stop, clock, null_log());
  if (!plan) return failed(plan.error(), settings, to);
  if (confirmed) {
    const Status deleted =
        kafka::delete_records(k.connection, k.dead_letter_topic, plan->before, kDeleteTimeout, null_log());
    if (!deleted) return failed(deleted.error(), settings, to);
  }
  if (settings.json) {
    to.out << to_json_text(json{{"deleted", confirmed}, {"dead_letters", plan->letters}, {"kept", plan->kept}}) << '\n';
    return 0;
  }
  to.out << fmt::format("{} {} dead letters\n", confirmed ? "deleted" : "would delete", plan->letters);
  if (plan->kept > 0) {
    to.out << fmt::format(
        "{} more stay: Kafka deletes only from the beginning of a partition, and before them is one "
        "that is not selected\n",
        plan->kept);
  }
  if (!confirmed && plan->letters > 0) to.out << "add --yes to delete them\n";
  return 0;
}

}  // namespace freshet::app
