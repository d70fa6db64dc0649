// SPDX-License-Identifier: Apache-2.0
//
// voxloom_torch.hpp: tensors for plugins in C++. A value of type VX_TYPE_TENSOR is an at::Tensor: nothing is copied, and
// gradients go through.
//
// Compile with libtorch's folders `include` and `include/torch/csrc/api/include`; link against libtorch_cpu and libc10 only
// (not libtorch, which asks for CUDA where it was built with it).
#ifndef VOXLOOM_TORCH_HPP
#define VOXLOOM_TORCH_HPP

#include "voxloom.hpp"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>
#include <torch/headeronly/version.h>

namespace vx {

/// The libtorch that is compiled against, for VX_PLUGIN.
#define VX_LIBTORCH TORCH_VERSION

/// The element type in PyTorch's words: `float32`, `int64`.
inline std::string dtype_name(const at::Tensor &tensor) {
    switch (tensor.scalar_type()) {
    case at::kByte: return "uint8";
    case at::kChar: return "int8";
    case at::kShort: return "int16";
    case at::kInt: return "int32";
    case at::kLong: return "int64";
    case at::kHalf: return "float16";
    case at::kBFloat16: return "bfloat16";
    case at::kFloat: return "float32";
    case at::kDouble: return "float64";
    case at::kBool: return "bool";
    default: return std::string(tensor.dtype().name());
    }
}

/// libtorch's thread-local state around a call (intra-op threads and grad mode), and the kinds of its exceptions.
struct torch_state {
    at::AutoGradMode grad;
    explicit torch_state(const vx_context &context) : grad(context.grad != 0) {
        if (at::get_num_threads() != static_cast<int>(context.threads) && context.threads > 0) {
            at::set_num_threads(static_cast<int>(context.threads));
        }
    }

    /// libtorch throws one type for nearly everything, so its words tell.
    static vx_status kind(const std::exception &thrown) {
        std::string_view words = thrown.what();
        auto says = [&](const char *part) { return words.find(part) != std::string_view::npos; };
        if (says("out of memory") || says("can't allocate memory")) {
            return VX_EXHAUSTED;
        }
        return says("CUDA error") ? VX_UNAVAILABLE : kind_of(thrown);
    }
};

struct tensor_value {
    static at::Tensor &of(void *handle) { return *static_cast<at::Tensor *>(handle); }
    static void *clone(void *handle) { return new (std::nothrow) at::Tensor(of(handle)); }
    static void release(void *handle) { delete static_cast<at::Tensor *>(handle); }

    static void describe(void *handle, const vx_sink *sink) {
        const at::Tensor &tensor = of(handle);
        std::string shape;
        for (int64_t size : tensor.sizes()) {
            shape += (shape.empty() ? "" : ",") + std::to_string(size);
        }
        write(sink, "{\"dtype\":\"" + dtype_name(tensor) + "\",\"shape\":[" + shape + "],\"device\":\"" + tensor.device().str() + "\"}");
    }
    static uint64_t nbytes(void *handle) { return of(handle).nbytes(); }
    static uint64_t digest(void *handle) {
        at::Tensor tensor = of(handle).detach().cpu().contiguous();
        uint64_t seed = hash(tensor.sizes().data(), tensor.sizes().size() * sizeof(int64_t), uint64_t(tensor.scalar_type()));
        return hash(tensor.const_data_ptr(), tensor.nbytes(), seed);
    }
    static int64_t rows(void *handle) { return of(handle).dim() == 0 ? -1 : of(handle).size(0); }

    static vx_status concat(const vx_value *values, size_t n, vx_value *out, const vx_sink *error) {
        return guarded<torch_state>(error, nullptr, [&] {
            std::vector<at::Tensor> all;
            for (size_t index = 0; index < n; ++index) {
                all.push_back(of(values[index].handle));
            }
            return *out = make(at::cat(all, 0)), VX_OK;
        });
    }
    static vx_status split(void *handle, const int64_t *rows, size_t n, vx_value *out, const vx_sink *error) {
        return guarded<torch_state>(error, nullptr, [&] {
            std::vector<at::Tensor> parts = of(handle).split_with_sizes(at::IntArrayRef(rows, n), 0);
            for (size_t index = 0; index < n; ++index) {
                out[index] = make(parts[index]);
            }
            return VX_OK;
        });
    }

    static vx_value make(at::Tensor tensor);
};

inline const vx_value_table tensor_table = {sizeof(vx_value_table), 0,
                                            tensor_value::clone,    tensor_value::release,
                                            tensor_value::describe, tensor_value::nbytes,
                                            tensor_value::digest,   tensor_value::rows,
                                            tensor_value::concat,   tensor_value::split,
                                            nullptr,                nullptr,
                                            nullptr};

inline vx_value tensor_value::make(at::Tensor tensor) {
    return {str(VX_TYPE_TENSOR), new at::Tensor(std::move(tensor)), &tensor_table};
}

/// The tensor of an input; shares its storage and its place in the autograd graph.
inline const at::Tensor &tensor(const call &call, std::string_view port) {
    return tensor_value::of(call.input(port, VX_TYPE_TENSOR).handle);
}

inline void output(call &call, std::string_view port, at::Tensor tensor) {
    call.output(port, tensor_value::make(std::move(tensor)));
}

/// As vx::map, for an operator that uses tensors.
template <class Operator>
using torch_map = map<Operator, torch_state>;

} // namespace vx

#endif // VOXLOOM_TORCH_HPP
