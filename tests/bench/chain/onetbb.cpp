// Nanoseconds per node and item of a oneTBB flow graph: a chain of 50 nodes that hand on an int.
//
//     c++ -std=c++17 -O2 onetbb.cpp -o onetbb -ltbb && ./onetbb ITEMS [lightweight]
//
// With `lightweight` the body runs in the thread that puts the item, as an inlined chain does; without it every node is a task.

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include <oneapi/tbb/flow_graph.h>

namespace flow = oneapi::tbb::flow;

constexpr int nodes = 50;

template <typename Policy>
double chain(int items) {
    using Node = flow::function_node<int, int, Policy>;
    flow::graph graph;
    long seen = 0;
    std::vector<std::unique_ptr<Node>> chain;
    for (int index = 0; index < nodes; ++index) {
        bool last = index + 1 == nodes;
        chain.push_back(std::make_unique<Node>(graph, flow::serial, [&seen, last](int item) noexcept {
            if (last) ++seen;
            return item;
        }));
        if (index > 0) flow::make_edge(*chain[index - 1], *chain[index]);
    }
    auto began = std::chrono::steady_clock::now();
    for (int item = 0; item < items; ++item) chain[0]->try_put(item);
    graph.wait_for_all();
    std::chrono::duration<double, std::nano> took = std::chrono::steady_clock::now() - began;
    if (seen != items) {
        std::fprintf(stderr, "only %ld of %d items came through\n", seen, items);
        std::exit(1);
    }
    return took.count() / nodes / items;
}

int main(int count, char** words) {
    int items = count > 1 ? std::atoi(words[1]) : 20000;
    bool light = count > 2 && std::string(words[2]) == "lightweight";
    std::printf("%.1f\n", light ? chain<flow::queueing_lightweight>(items) : chain<flow::queueing>(items));
}
