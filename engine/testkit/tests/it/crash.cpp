// An operator that crashes in its run.

#include "voxloom.hpp"

struct Crash {
    static constexpr const char *name = "crash.crash";
    static constexpr const char *description = R"({"name": "crash.crash", "about": "Crashes.",
        "params": {"type": "object", "properties": {}, "required": []},
        "entries": [{"name": "run", "params": {"type": "object"}, "inputs": [{"name": "value", "type": "json"}],
                     "outputs": [{"name": "value", "type": "json"}]}]})";
    explicit Crash(const vx::json &) {}
    void run(vx::call &call) const {
        call.read_json("value");
        volatile int *volatile nowhere = nullptr;
        *nowhere = 1;
    }
};

VX_PLUGIN("crash", "0.1.0", "", &vx::map<Crash>::table)
