// The one thread that writes, and the threads that read.
#pragma once

#include <memory>
#include <thread>
#include <vector>

#include "engine/store/queue.h"
#include "engine/store/sqlite/operations.h"
#include "engine/store/store.h"
#include "engine/store/work.h"

namespace plenum::sqlite {

// Performs writes in the order they were pushed, groups of them in one commit, and answers them
// after it.  What was pushed before the destructor is performed and answered.  After a failure of
// the disk the next write tries again.
class Writer {
 public:
  Writer(Session session, Post post);
  ~Writer();
  // False: too many writes are waiting.  `work` is left as it was.
  bool push(std::unique_ptr<Work<Session>>& work, size_t bytes) { return queue_.push(work, bytes); }

 private:
  using Batch = std::vector<std::unique_ptr<Work<Session>>>;
  void run();
  void write(Batch& batch);
  Result<> begin();
  Result<> perform(Work<Session>& work);
  Result<> perform_all(Batch& batch);
  void undo();

  Session session_;
  Post post_;
  Queue<std::unique_ptr<Work<Session>>> queue_;
  bool undone_ = false;  // a whole commit was: what is kept in memory is to be read again
  std::thread thread_;
};

// Each read is one snapshot, which has all that was answered before the read was asked for.
class Readers {
 public:
  Readers(std::vector<Connection> connections, Post post);
  ~Readers();
  bool push(std::unique_ptr<Work<Connection>>& work) { return queue_.push(work, 0); }

 private:
  void run(Connection& db);

  std::vector<Connection> connections_;
  Post post_;
  Queue<std::unique_ptr<Work<Connection>>> queue_;
  std::vector<std::thread> threads_;
};

}  // namespace plenum::sqlite
