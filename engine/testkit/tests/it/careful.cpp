// A plugin that keeps the contract.

#include "voxloom.hpp"

struct Scale {
    static constexpr const char *name = "careful.scale";
    static constexpr const char *description = R"({"name": "careful.scale", "about": "Repeats a JSON value.",
        "params": {"type": "object", "required": [], "properties": {
            "times": {"type": "integer", "default": 2, "minimum": 1, "maximum": 9, "description": "How often."},
            "sizes": {"type": "array", "items": {"type": "number", "exclusiveMinimum": 0}, "minItems": 2, "maxItems": 2, "default": [1, 2],
                      "description": "Two sizes."},
            "how": {"type": "string", "enum": ["fast", "well"], "default": "well", "description": "How it is done."}}},
        "entries": [{"name": "run", "kind": "map", "params": {"type": "object", "properties": {}, "required": []},
            "inputs": [{"name": "value", "type": "json"}, {"name": "other", "type": "json", "optional": true}],
            "outputs": [{"name": "value", "type": "json"}]}]})";

    int64_t times;

    explicit Scale(const vx::json &params) : times(params["times"].integer()) {}

    void run(vx::call &call) const {
        std::string name = call.read_json("value")["name"].string(), all;
        for (int64_t time = 0; time < times; ++time) {
            all += name;
        }
        call.output_json("value", "\"" + all + "\"");
    }
};

VX_PLUGIN("careful", "0.1.0", "", &vx::map<Scale>::table)
