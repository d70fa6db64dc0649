/* SPDX-License-Identifier: Apache-2.0
 *
 * voxloom.h: the plugin contract of Voxloom in C.
 *
 * A plugin is a shared library that exports one constant, `voxloom_plugin`. The engine reads it, and calls the
 * functions that its tables name. This header says the same as the Rust crate `voxloom-abi`; a test compares every
 * size, alignment and offset. In prose: docs/contract.md. For C++ there is `voxloom.hpp` on top of this.
 *
 * Three rules hold everywhere:
 *   - inputs are borrowed for the call, outputs are handed over;
 *   - nothing allocated on one side is freed on the other: text goes through a vx_sink, values through their own table;
 *   - nothing is thrown across: a function returns a vx_status and writes its message into a vx_sink.
 *
 * Compile as C11 or C++17 or later. Link against libtorch_cpu.so and libc10.so where tensors are used, nothing else.
 */
#ifndef VOXLOOM_H
#define VOXLOOM_H

#include <errno.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Changes when old plugins can no longer be understood. */
#define VX_ABI_MAJOR 1
/* Grows when something is added that older sides can do without: at the end of a table, or a number. 1: kinds of failures. */
#define VX_ABI_MINOR 1
/* First 8 bytes of a vx_plugin, the last one a NUL. */
#define VX_MAGIC "VOXLOOM"
/* Name of the exported constant. */
#define VX_PLUGIN_SYMBOL "voxloom_plugin"

/* Type ids that every side knows; any other id is a plugin's own business. */
#define VX_TYPE_TENSOR "tensor/libtorch-2.11" /* handle is at::Tensor*, libtorch's AtenTensorHandle */
#define VX_TYPE_JSON "json"                   /* a JSON text, read with vx_value_table.json */
#define VX_TYPE_RECORD "record/"              /* a prefix: record/volume, record/case, ... */

#if defined(__GNUC__)
#define VX_EXPORT __attribute__((visibility("default")))
#else
#define VX_EXPORT
#endif

/* ------------------------------------------------------------------------------------------------ status and text */

/* Result of a call: one of the first numbers below, and with a failure a kind: `return VX_FAILED | VX_FULL;`. */
typedef int32_t vx_status;

enum {
    VX_OK = 0,        /* done */
    VX_END = 1,       /* a cursor has no further item; its outputs were not written */
    VX_FAILED = 2,    /* this item failed; others may go on */
    VX_INVALID = 3,   /* the parameters do not fit together */
    VX_FATAL = 4,     /* the run must stop (a loss that is not finite, for example) */
    VX_CANCELLED = 5, /* the call saw that it was cancelled and left early */
    VX_PANICKED = 6,  /* the call panicked or threw; the instance refuses further calls */
    VX_POISONED = 7,  /* the instance panicked earlier and refused this call */

    /* Kinds (ABI 1.1): whether the same call may go well another time. Without one nothing says so: bad data, a mistake. */
    VX_UNAVAILABLE = 0x100, /* what the call needs besides its data is not to be had now: a file, a share, a device */
    VX_EXHAUSTED = 0x200,   /* the memory of the machine or of the device did not suffice */
    VX_FULL = 0x300,        /* a disk has no room left, or the user's part of it */
    VX_KINDS = 0xff00       /* the bits that hold the kind */
};

/* Borrowed UTF-8, not NUL-terminated, valid for the call unless its owner says `static`. */
typedef struct vx_str {
    const uint8_t *data;
    size_t len;
} vx_str;

/* A receiver of text: the caller owns the storage, the callee only writes. Several writes append.
 * `write` may be called on the thread of the call only. */
typedef struct vx_sink {
    void *data;
    void (*write)(void *data, vx_str text);
} vx_sink;

/* ---------------------------------------------------------------------------------------------------------- values */

struct vx_value;

/* What can be done with a value. All functions may be called from any thread; those marked optional may be null. */
typedef struct vx_value_table {
    /* sizeof of the table that the maker knew; fields beyond it are absent. */
    uint32_t struct_size;
    uint32_t reserved;
    /* A second handle to the same value (shallow); null when out of memory. */
    void *(*clone)(void *handle);
    /* Gives one handle back. */
    void (*release)(void *handle);
    /* Writes one line of JSON for people and traces: {"dtype":"float32","shape":[1,64,64],"device":"cpu"}. */
    void (*describe)(void *handle, const vx_sink *sink);
    /* Optional. Bytes that the value keeps alive. */
    uint64_t (*nbytes)(void *handle);
    /* Optional. A hash of type, shape and contents: equal bits, equal digest. */
    uint64_t (*digest)(void *handle);
    /* Optional. Size of dimension 0, for batching; -1 where the value has none. */
    int64_t (*rows)(void *handle);
    /* Optional. Joins `n` values along dimension 0 into `out`. */
    vx_status (*concat)(const struct vx_value *values, size_t n, struct vx_value *out, const vx_sink *error);
    /* Optional. Cuts a value along dimension 0 into `n` values of `rows[i]` each. */
    vx_status (*split)(void *handle, const int64_t *rows, size_t n, struct vx_value *out, const vx_sink *error);
    /* Optional. Writes the JSON text of a `json` value. */
    vx_status (*json)(void *handle, const vx_sink *sink);
    /* Optional. Number of fields of a record. */
    size_t (*n_fields)(void *handle);
    /* Optional. Lends the name and value of field `index`; both live as long as the record. */
    vx_status (*field)(void *handle, size_t index, vx_str *name, struct vx_value *value);
} vx_value_table;

/* One value. Whoever holds it owes one `release`; a borrowed value is not released. Immutable once handed over.
 * A null `table` means "no value" (an optional input that is not connected). */
typedef struct vx_value {
    /* static: lives as long as the library that made the value */
    vx_str type_id;
    void *handle;
    /* static: lives as long as the library that made the value */
    const vx_value_table *table;
} vx_value;

/* --------------------------------------------------------------------------------------------------------- context */

/* Weight of a log line: 1 error, 2 warning, 3 information, 4 debug. */
typedef int32_t vx_level;

/* Given to every call; valid until it returns, on its thread only. */
typedef struct vx_context {
    /* sizeof of the context that the engine knows; fields beyond it are absent. */
    uint32_t struct_size;
    /* Number of the lane that runs the call. */
    uint32_t lane;
    /* To be handed back to the functions below. */
    void *host;
    /* One line for the log. */
    void (*log)(void *host, vx_level level, vx_str text);
    /* How far the call has come, in units of its own; `total` 0 where it is unknown. */
    void (*progress)(void *host, uint64_t done, uint64_t total);
    /* 1 where the call should leave early with VX_CANCELLED. */
    uint8_t (*cancelled)(void *host);
    /* Writes the path of a folder that lives as long as the run. */
    vx_status (*scratch)(void *host, const vx_sink *sink);
    /* A later ability by its id ("voxloom.parallel-for/1"), or null. */
    const void *(*ability)(void *host, vx_str id);
    /* From (run seed, node, item): the same on any lane and in any order. The only source of randomness. */
    uint64_t seed;
    /* Index at every level, outermost first. */
    const uint64_t *item;
    size_t item_len;
    /* Name of the node, or of the module for create, save and load. */
    vx_str node;
    /* "cpu", "cuda:0", ... */
    vx_str device;
    /* The lane's cudaStream_t; null on a CPU lane. */
    void *stream;
    /* Intra-op threads that the call may use. */
    uint32_t threads;
    /* 1 where the outputs must carry gradients. */
    uint8_t grad;
    uint8_t reserved[3];
} vx_context;

/* -------------------------------------------------------------------------------------------------------- operator */

struct vx_operator;

/* A module handed to a call that uses it (an optimizer's network, for example). */
typedef struct vx_module_ref {
    /* Name of the module in the pipeline file; lives as long as the call. */
    vx_str name;
    void *instance;
    const struct vx_operator *table;
} vx_module_ref;

/* Receives a module's state: one borrowed value a name; `trainable` is 1 where an optimizer should step it. */
typedef struct vx_state_sink {
    void *data;
    void (*put)(void *data, vx_str name, vx_value value, uint8_t trainable);
} vx_state_sink;

/* The function table of one operator. All functions are present but the three at the end, which a plain operator leaves
 * null. None lets an exception out.
 *
 * An *instance* holds parameters and, for a module, state. A *call* is one use of one entry in one graph. Entries of kind
 * `map` are run; `scatter` opens a cursor and draws items from it; `gather` opens an accumulator, takes items in order
 * and finishes. Functions of the other kinds are never called; they may return VX_FATAL.
 *
 * Threads: check, describe any; create, bind, destroy one at a time for an instance; run, next, push as the operator's
 * mode says (`parallel`: several at once; `exclusive`: one at a time; `ordered`: one at a time, in item order). */
typedef struct vx_operator {
    /* sizeof of the table that the plugin knew; fields beyond it are absent. */
    uint32_t struct_size;
    uint32_t reserved;
    /* `family.name`; static. The family is the plugin's name. */
    vx_str name;
    /* Writes the description as JSON (docs/contract.md section 5). The same text every time. */
    void (*describe)(const vx_sink *sink);
    /* Checks complete parameters beyond what the description says; each fault is one line `path<TAB>message`.
     * Depends on its arguments alone (no file, no clock): the engine remembers a verdict of VX_OK.
     * `entry` is the entry's index for entry parameters, or UINT32_MAX for the operator's own. */
    vx_status (*check)(uint32_t entry, vx_str params, const vx_sink *error);
    /* Makes an instance from complete parameters. `context->seed` is for initial weights. */
    vx_status (*create)(const vx_context *context, vx_str params, void **instance, const vx_sink *error);
    void (*destroy)(void *instance);
    /* Makes a call of entry number `entry`. `uses` holds one module a name of the entry's `uses`, in that order; a name
     * that takes several modules has them in the order of the file, and `use_counts` tells how many each has. */
    vx_status (*bind)(void *instance, uint32_t entry, vx_str params, const vx_module_ref *uses,
                      const uint32_t *use_counts, size_t n_uses, void **call, const vx_sink *error);
    void (*unbind)(void *call);
    /* Runs a `map` entry once. `outputs` has room for all outputs of the entry; on VX_OK each is written. */
    vx_status (*run)(void *call, const vx_context *context, const vx_value *inputs, size_t n_inputs, vx_value *outputs,
                     size_t n_outputs, const vx_sink *error);
    /* Opens a cursor (`scatter`, all inputs) or an accumulator (`gather`, the inputs that are not gathered; the gathered
     * are "no value"). The inputs stay borrowed until `close`. */
    vx_status (*open)(void *call, const vx_context *context, const vx_value *inputs, size_t n_inputs, void **state,
                      const vx_sink *error);
    /* Draws the next item of a cursor: VX_OK with outputs, or VX_END without. */
    vx_status (*next)(void *state, const vx_context *context, vx_value *outputs, size_t n_outputs, const vx_sink *error);
    /* Gives one item to an accumulator, in item order; the inputs that are not gathered are "no value". */
    vx_status (*push)(void *state, const vx_context *context, const vx_value *inputs, size_t n_inputs,
                      const vx_sink *error);
    /* Takes the result of an accumulator. */
    vx_status (*finish)(void *state, const vx_context *context, vx_value *outputs, size_t n_outputs,
                        const vx_sink *error);
    /* Ends a cursor or an accumulator, finished or not. */
    void (*close)(void *state);
    /* Optional. Lends every tensor of a module's state, in a fixed order, under the names of its checkpoints. */
    vx_status (*state)(void *instance, const vx_state_sink *sink);
    /* Optional. Writes the whole state of a module to `path`, so that `load` restores it bit for bit. */
    vx_status (*save)(void *instance, const vx_context *context, vx_str path, const vx_sink *error);
    /* Optional. Reads state from `path`: what `save` wrote, or weights in a form that the module knows. */
    vx_status (*load)(void *instance, const vx_context *context, vx_str path, const vx_sink *error);
} vx_operator;

/* ---------------------------------------------------------------------------------------------------------- plugin */

/* What a plugin is. A constant, all of whose text is static too: the engine reads it from the file, before it runs any
 * code of the plugin. */
typedef struct vx_plugin {
    /* VX_MAGIC */
    uint8_t magic[8];
    uint32_t abi_major;
    uint32_t abi_minor;
    /* sizeof of the struct that the plugin knew */
    uint32_t struct_size;
    uint32_t n_operators;
    /* Also the family of its operators: `imaging` holds `imaging.*`. */
    vx_str name;
    vx_str version;
    /* The libtorch it was built for ("2.11.0"); empty where it uses none. */
    vx_str libtorch;
    /* `n_operators` pointers to tables. */
    const vx_operator *const *operators;
} vx_plugin;

/* The one symbol that a plugin defines. */
extern VX_EXPORT const vx_plugin voxloom_plugin;

/* ----------------------------------------------------------------------------------------------- four conveniences */

/* A vx_str of a string literal, for static tables: { VX_STR("gain"), ... } */
#define VX_STR(literal) {(const uint8_t *)(literal), sizeof(literal) - 1}
/* The beginning of a vx_plugin: { VX_PLUGIN_HEAD, n_operators, VX_STR("name"), VX_STR("0.1.0"), VX_STR(""), tables } */
#define VX_PLUGIN_HEAD {'V', 'O', 'X', 'L', 'O', 'O', 'M', 0}, VX_ABI_MAJOR, VX_ABI_MINOR, (uint32_t)sizeof(vx_plugin)

/* Appends a NUL-terminated text to a sink. */
static inline void vx_write(const vx_sink *sink, const char *text) {
    vx_str all = {(const uint8_t *)text, 0};
    while (text[all.len] != '\0') {
        all.len += 1;
    }
    sink->write(sink->data, all);
}

/* The kind of an error of the system: `return VX_FAILED | vx_kind_of_errno(errno);`. */
static inline vx_status vx_kind_of_errno(int number) {
    switch (number) {
    case ENOSPC:
    case EDQUOT:
        return VX_FULL;
    case ENOMEM:
        return VX_EXHAUSTED;
    case ENOENT:
    case EPERM:
    case EACCES:
    case ESTALE:
    case EBUSY:
    case EROFS:
    case EIO:
    case ENFILE:
    case EMFILE:
    case ETIMEDOUT:
    case EAGAIN:
    case EINTR:
    case ECONNREFUSED:
    case ECONNRESET:
    case ECONNABORTED:
    case ENOTCONN:
    case EHOSTUNREACH:
    case EHOSTDOWN:
    case ENETUNREACH:
    case ENETDOWN:
        return VX_UNAVAILABLE;
    default:
        return 0;
    }
}

#ifdef __cplusplus
}
#endif

#endif /* VOXLOOM_H */
