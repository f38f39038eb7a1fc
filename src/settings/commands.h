// The commands that take settings, one line each. app/commands.cc runs them.
#pragma once

#include <array>
#include <stdexcept>
#include <string_view>

namespace freshet::settings {

// A command as a bit of Setting::commands.
enum CommandBit : unsigned {
  kRun = 1,
  kCheck = 2,
  kTap = 4,
  kProcess = 8,
  kRenew = 16,
  kDlqList = 32,
  kDlqShow = 64,
  kDlqCount = 128,
  kDlqReplay = 256,
  kDlqPurge = 512,
  kTop = 1024,
  kExplain = 2048,
  kSuggestTable = 4096,
};
constexpr unsigned kStreaming = kRun | kCheck | kTap;
constexpr unsigned kWithTable = kStreaming | kExplain | kDlqReplay;  // they ask the table
constexpr unsigned kAll = kRun | kCheck | kTap | kProcess | kExplain | kSuggestTable;
constexpr unsigned kDlq = kDlqList | kDlqShow | kDlqCount | kDlqReplay | kDlqPurge;
constexpr unsigned kConnected = kStreaming | kDlq | kExplain | kSuggestTable;  // to Kafka

// Which checks across settings (rules.h) apply to a command.
enum class Rules {
  Columns,         // it processes messages that it does not read from Kafka
  AdminClient,     // it calls running processes
  OneAdminClient,  // it calls a running process
  OneMessage,      // it explains a message, of a topic or not
  DeadLetters,     // it reads a dead-letter topic
  Replay,          // it compares the messages of a dead-letter topic with the table
  Reading,         // it reads a topic
  Streaming,       // it reads a topic and writes rows
};

struct Command {
  std::string_view name;
  unsigned bit;
  unsigned accepts;  // bits of the commands whose settings it accepts; it ignores those that are not its own
  Rules rules;
  std::string_view synopsis;
  std::string_view example;
  std::string_view word = {};     // the setting that an argument without dashes is the value of; empty: there is none
  std::string_view operand = {};  // the name of that argument in texts
};

inline constexpr std::array kCommands = {
    Command{"run", kRun, kRun, Rules::Streaming, "streams a topic of JSON into a ClickHouse table until it is stopped",
            "freshet run --bootstrap-server localhost:9092 --topic events --consumer-group events-to-clickhouse \\\n"
            "    --clickhouse-url http://localhost:8123 --table default.events --dead-letter-topic events-dead"},
    Command{"check", kCheck, kCheck | kRun, Rules::Streaming,
            "validates the configuration, reaches every server, and compares the table with real messages",
            "freshet check --config /etc/freshet/events.yaml"},
    Command{"tap", kTap, kTap | kRun, Rules::Reading,
            "prints messages and the rows they would become; joins no group and writes nothing",
            "freshet tap --bootstrap-server localhost:9092 --topic events --count 5"},
    Command{"process", kProcess, kProcess, Rules::Columns,
            "reads messages as JSON lines from standard input and prints the result of each; needs no server",
            "echo '{\"message\": \"eyJhIjoxfQ==\"}' | freshet process --processor json"},
    Command{"explain", kExplain, kExplain | kRun, Rules::OneMessage,
            "says why a message becomes a row, or not: each check, and each column with the value that it would store",
            "freshet explain --config /etc/freshet/events.yaml --offset 0:42\n"
            "  freshet explain --config /etc/freshet/events.yaml '{\"id\":300}'",
            "message-text", "MESSAGE"},
    Command{"suggest-table", kSuggestTable, kSuggestTable | kRun, Rules::Reading,
            "prints a CREATE TABLE statement for the messages of a topic",
            "freshet suggest-table --bootstrap-server localhost:9092 --topic events --table default.events"},
    Command{"renew", kRenew, kRenew, Rules::OneAdminClient,
            "requests a new Kafka consumer from a running process and prints the result",
            "freshet renew --admin 127.0.0.1:8080"},
    Command{"top", kTop, kTop, Rules::AdminClient, "shows what running processes do, in the terminal",
            "freshet top --admin 10.0.0.1:8080 --admin 10.0.0.2:8080"},
    Command{"dlq list", kDlqList, kDlqList | kRun, Rules::DeadLetters, "prints a line for each dead letter",
            "freshet dlq list --bootstrap-server localhost:9092 --dead-letter-topic events-dead --reason 'not JSON'"},
    Command{"dlq show", kDlqShow, kDlqShow | kRun, Rules::DeadLetters,
            "prints dead letters with key, headers and value",
            "freshet dlq show --bootstrap-server localhost:9092 --dead-letter-topic events-dead --at 0:42"},
    Command{"dlq count", kDlqCount, kDlqCount | kRun, Rules::DeadLetters, "counts dead letters by reason",
            "freshet dlq count --bootstrap-server localhost:9092 --dead-letter-topic events-dead"},
    Command{"dlq replay", kDlqReplay, kDlqReplay | kRun, Rules::Replay,
            "produces the messages of dead letters again, each once, if they would become rows now",
            "freshet dlq replay --config /etc/freshet/events.yaml --dry-run"},
    Command{"dlq purge", kDlqPurge, kDlqPurge | kRun, Rules::DeadLetters,
            "deletes dead letters that were replayed, from the beginning of each partition",
            "freshet dlq purge --bootstrap-server localhost:9092 --dead-letter-topic events-dead --yes"},
};

// Throws std::invalid_argument if no command has that name; in a constant expression this is a compile error.
constexpr const Command& command(std::string_view name) {
  for (const Command& one : kCommands) {
    if (one.name == name) return one;
  }
  throw std::invalid_argument("no such command");
}

}  // namespace freshet::settings
