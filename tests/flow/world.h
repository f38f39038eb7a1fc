// Processes of a consumer group that write into one table.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "flow.h"

namespace freshet::flow {

using Fault = TableModel::Fault;
using Next = std::optional<std::pair<Fault, size_t>>;

inline const Next kNoFault = {{Fault::None, 0}};

// A table, and processes that write into it.
struct World {
  explicit World(const TableSettings& table_settings, int count = 2, LiveOptions options = {},
                 const FlowSettings& settings = Flow::default_settings())
      : table(table_settings, cluster->table) {
    for (int i = 0; i < count; ++i) {
      processes.push_back(std::make_unique<Flow>(settings, options, true, null_log(), cluster));
      processes.back()->use_table(table, faults);
    }
  }
  Flow& operator[](size_t i) { return *processes[i]; }

  // What happens to the next requests; afterwards nothing.
  std::deque<Next> script;
  std::function<Next()> otherwise = [] { return kNoFault; };
  const Faults faults = [this] {
    if (script.empty()) return otherwise();
    const Next next = script.front();
    script.pop_front();
    return next;
  };
  const std::shared_ptr<Cluster> cluster = std::make_shared<Cluster>();
  TableModel table;
  std::vector<std::unique_ptr<Flow>> processes;
};

}  // namespace freshet::flow
