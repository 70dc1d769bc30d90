// The line between threads: order, bounds, and its end.
#include "engine/store/queue.h"

#include <catch2/catch.hpp>
#include <memory>
#include <string>
#include <thread>

using plenum::Queue;

TEST_CASE("a queue gives items in order, and none beyond its bounds comes in", "[store]") {
  Queue<std::string> queue(2, 100);
  std::string one = "one", two = "two", three = "three";
  CHECK(queue.push(one, 60));
  CHECK_FALSE(queue.push(two, 50));  // too many bytes together
  CHECK(two == "two");
  CHECK(queue.push(two, 40));
  CHECK_FALSE(queue.push(three, 0));  // too many items
  std::string taken;
  CHECK((queue.pop(taken) && taken == "one"));
  CHECK((queue.try_pop(taken) && taken == "two"));
  CHECK_FALSE(queue.try_pop(taken));
  CHECK(queue.push(three, 1000));  // larger than all of it, but alone
  queue.close();
  CHECK_FALSE(queue.push(one, 0));
  CHECK((queue.pop(taken) && taken == "three"));  // what was there can still be taken
  CHECK_FALSE(queue.pop(taken));
}

// Fails under the thread sanitizer when something is done to the queue after the item can be taken.
TEST_CASE("who takes the last item may drop the queue at once", "[store]") {
  for (int round = 0; round < 500; ++round) {
    auto queue = std::make_unique<Queue<int>>(1, 1);
    std::thread pusher([&queue = *queue] {
      int item = 1;
      queue.push(item, 0);
    });
    int taken = 0;
    const bool took = queue->pop(taken);
    queue.reset();
    pusher.join();
    REQUIRE((took && taken == 1));
  }
}
