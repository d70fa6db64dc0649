// A plugin that does as it is told: it waits, fails, or asks the run to stop at the item it is told to.
#include <voxloom.hpp>

#include <chrono>
#include <thread>

struct Work {
    static constexpr const char *name = "probe.work";
    static constexpr const char *description = R"json({
        "name": "probe.work", "about": "Waits, then scores an item, fails, or stops the run.",
        "params": { "type": "object", "required": [], "properties": {
            "wait_ms": { "type": "integer", "default": 0, "minimum": 0, "description": "How long each item takes.", "unit": "ms" },
            "fail_at": { "type": "integer", "default": -1, "description": "The item that fails." },
            "stop_at": { "type": "integer", "default": -1, "description": "The item that asks the run to stop." } } },
        "entries": [ { "name": "run", "kind": "map", "params": { "type": "object", "properties": {}, "required": [] },
            "inputs": [ { "name": "index", "type": "json" } ], "outputs": [ { "name": "score", "type": "json" } ] } ]
    })json";

    int64_t wait_ms, fail_at, stop_at;

    explicit Work(const vx::json &params)
        : wait_ms(params["wait_ms"].integer()), fail_at(params["fail_at"].integer()), stop_at(params["stop_at"].integer()) {}

    void run(vx::call &call) const {
        int64_t index = call.read_json("index").integer();
        std::this_thread::sleep_for(std::chrono::milliseconds(wait_ms));
        if (index == fail_at) throw vx::failed("item " + std::to_string(index) + " was told to fail");
        if (index == stop_at) throw vx::fatal("item " + std::to_string(index) + " was told to stop the run");
        std::string side = index % 2 == 0 ? "left" : "right";
        call.output_json("score", "{\"case\":\"c" + std::to_string(index) + "\",\"side\":\"" + side + "\",\"dice\":" +
                                      std::to_string(0.5 + 0.01 * static_cast<double>(index)) + "}");
    }
};

VX_PLUGIN("probe", "0.1.0", "", &vx::map<Work>::table)
