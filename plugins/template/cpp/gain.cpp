// A whole plugin in C++: one operator that multiplies a tensor. Gradients go through it.
//
//     T=<libtorch>; V=<voxloom>/engine/abi/include
//     g++ -std=c++17 -O2 -fPIC -shared -I$V -I$T/include gain.cpp -o libgain.so -L$T/lib -ltorch_cpu -lc10

#include <voxloom_torch.hpp>

struct Gain {
    static constexpr const char *name = "gain.multiply";
    static constexpr const char *description = R"json({
        "name": "gain.multiply",
        "about": "Multiplies every element by a number.",
        "params": { "type": "object", "required": [], "properties": {
            "factor": { "type": "number", "default": 2.0, "minimum": -1000.0, "maximum": 1000.0,
                        "description": "What every element is multiplied by. Not 0, which would hide the input." } } },
        "entries": [ {
            "name": "run", "kind": "map", "params": { "type": "object", "properties": {}, "required": [] },
            "inputs":  [ { "name": "tensor", "type": "tensor", "about": "Floating point, any shape." } ],
            "outputs": [ { "name": "tensor", "type": "tensor", "about": "Of the same shape." } ] } ]
    })json";

    double factor;

    explicit Gain(const vx::json &params) : factor(params["factor"].number()) {}

    static void check(const vx::json &params) {
        if (params["factor"].number() == 0.0) {
            throw vx::invalid("factor", "must not be 0");
        }
    }

    void run(vx::call &call) const {
        const at::Tensor &tensor = vx::tensor(call, "tensor");
        if (!tensor.is_floating_point()) {
            throw vx::failed("input `tensor` is " + vx::dtype_name(tensor) + ", expected floating point");
        }
        vx::output(call, "tensor", tensor * factor);
    }
};

VX_PLUGIN("gain", "0.1.0", VX_LIBTORCH, &vx::torch_map<Gain>::table)
