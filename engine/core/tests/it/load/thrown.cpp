// A C++ plugin whose operator throws in whatever way its parameter says.

#include "voxloom.hpp"

#include <ios>

struct Throw {
    static constexpr const char *name = "thrown.throw";
    static constexpr const char *description = R"({"name": "thrown.throw", "about": "Throws.",
        "params": {"type": "object", "properties": {"how": {"type": "string", "default": "not", "description": "What to throw."}}, "required": []},
        "entries": [{"name": "run", "kind": "map", "params": {"type": "object", "properties": {}, "required": []},
            "inputs": [], "outputs": [{"name": "said", "type": "json"}]}]})";

    std::string how;

    explicit Throw(const vx::json &params) : how(params["how"].string()) {
        if (how == "early") {
            throw std::runtime_error("thrown while it was made");
        }
    }

    static void check(const vx::json &params) {
        if (params["how"].string() == "never") {
            throw vx::invalid("how", "must not be \"never\"");
        }
    }

    void run(vx::call &call) const {
        if (how == "exception") {
            throw std::runtime_error("the disk is on fire\nand this line is for the stack");
        } else if (how == "number") {
            throw 42;
        } else if (how == "failed") {
            throw vx::failed("this item is too small");
        } else if (how == "no answer") {
            throw vx::failed("the server does not answer", VX_UNAVAILABLE);
        } else if (how == "no room") {
            throw vx::fatal("the log cannot grow", VX_FULL);
        } else if (how == "memory") {
            throw std::bad_alloc();
        } else if (how == "system") {
            throw std::system_error(ENOSPC, std::generic_category(), "result");
        } else if (how == "words") {
            throw std::ios_base::failure("No space left on device");
        } else if (how == "nothing") {
            return;
        }
        call.output_json("said", "{\"how\": \"" + how + "\"}");
    }
};

VX_PLUGIN("thrown", "0.1.0", "", &vx::map<Throw>::table)
