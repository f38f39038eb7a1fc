// Requests whose answers come late or never, and batches that are written into a model of a table.
#include "flow.h"
#include "stream/batch_requests.h"
#include "stream/task_writing.h"

namespace freshet::flow {

bool Cluster::late_commit_arrives(size_t i, bool is_copy) {
  if (i >= late_commits.size()) return false;
  const LateCommit late = late_commits[i];
  if (!is_copy) late_commits.erase(late_commits.begin() + static_cast<ptrdiff_t>(i));
  if (late.generation != generation || late.consumer != consumers[late.process]) return false;
  take_commit(late.offsets);
  return true;
}

void Cluster::take_commit(const std::vector<OffsetToCommit>& offsets) {
  for (const OffsetToCommit& offset : offsets) {
    committed[offset.partition.value] = offset.next.value;
    plans[offset.partition.value] = offset.plan;
  }
}

void Flow::use_table(TableModel& model, const Faults& faults) {
  model_ = &model;
  faults_ = &faults;
}

stream::BatchTask Flow::task_of(size_t i) const {
  const auto found =
      std::find_if(again.begin(), again.end(), [&](const auto& task) { return task.batch == batches[i]; });
  return found == again.end() ? stream::BatchTask(batches[i]) : *found;
}

// nullopt: the process ended meanwhile.
std::optional<BatchResult> Flow::write_into_model(stream::BatchTask task) {
  const auto batch = task.batch;
  TableWriter writer(*model_, *batch, *faults_);
  WriteControl control;
  // An operator who sees that all rows of a batch are rejected decides that these are bad data.
  control.on_failure = [&](const InsertFailure&) {
    for (const Span& span : batch->spans) rejections_.skip(span.partition);
  };
  BatchResult result =
      stream::write_task(writer, {rejections_, insert_limit_, writers_clock_}, std::move(task), control);
  if (writer.process_ended()) return std::nullopt;
  return result;
}

Cluster::LateInsert Flow::late_insert(stream::BatchTask task) const {
  Cluster::LateInsert late{std::move(task)};
  if (!late.task.repair) return late;
  const stream::BatchRequests requests(*late.task.batch);
  if (auto missing = model_->missing(requests.messages(late.task.open.front()))) late.missing = *std::move(missing);
  return late;
}

void Flow::store_late(const Cluster::LateInsert& late) {
  if (!late.task.repair) return void(write_into_model(late.task));
  if (late.missing.empty()) return;
  InsertRequest request = stream::BatchRequests(*late.task.batch).request(late.task.open.front(), late.missing);
  request.token = late.task.planned_token;
  TableWriter(*model_, *late.task.batch, *faults_).send(request);
}

bool Flow::late_insert_arrives(size_t i) {
  if (i < cluster->late_inserts.size()) {
    Cluster::LateInsert late = std::move(cluster->late_inserts[i]);
    cluster->late_inserts.erase(cluster->late_inserts.begin() + static_cast<ptrdiff_t>(i));
    store_late(late);
    return true;
  }
  if (i >= late_.size()) return false;
  store(late_[i]);
  late_.erase(late_.begin() + static_cast<ptrdiff_t>(i));
  return true;
}

void Flow::broker_takes_commit() {
  if (!commit_ || commit_taken_ || !in_group()) return;
  cluster->take_commit(*commit_);
  commit_taken_ = true;
}

bool Flow::commit_times_out() {
  if (!commit_) return false;
  cluster->late_commits.push_back({this, consumer_, my_generation_, *std::exchange(commit_, std::nullopt)});
  CommitResult result;
  result.error = Error{ErrorKind::Retry, -185, "timed out"};
  const bool ends = settings_.delivery == Delivery::ExactlyOnce;
  if (ends) result.error->kind = ErrorKind::Renew;
  source(std::move(result));
  if (ends) breaks(false);
  return true;
}

}  // namespace freshet::flow
