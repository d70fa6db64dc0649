// SPDX-License-Identifier: Apache-2.0
//
// voxloom.hpp: plugins in C++17 on top of voxloom.h, with nothing but the standard library.
//
// An operator is a struct; see plugins/template/cpp/gain.cpp for a whole plugin.
//
//     struct Gain {
//         static constexpr const char *name = "family.name";          // family is the plugin's name
//         static constexpr const char *description = R"({...})";      // docs/contract.md section 5
//         static void check(const vx::json &params);                  // throws vx::invalid; leave it out where there is nothing to check
//         explicit Gain(const vx::json &params);                      // parameters are complete
//         void run(vx::call &call) const;                             // one `map` entry; called by several threads at once
//     };
//     VX_PLUGIN("family", "0.1.0", "", &vx::map<Gain>::table)
//
// Throw vx::failed (this item), vx::invalid (a parameter) or vx::fatal (the whole run); what may go well another time gets its
// kind: vx::failed("no answer", VX_UNAVAILABLE). Any other exception is caught at the border too, with its kind (vx::kind_of), and
// then the instance refuses further calls. Tensors: voxloom_torch.hpp.
#ifndef VOXLOOM_HPP
#define VOXLOOM_HPP

#include "voxloom.h"

#include <algorithm>
#include <atomic>
#include <cctype>
#include <charconv>
#include <cstring>
#include <exception>
#include <memory>
#include <new>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>
#include <utility>
#include <vector>

namespace vx {

// ------------------------------------------------------------------------------------------------------------- text

/// Text that outlives the use: a literal, or a string that is lent for a call.
inline vx_str str(std::string_view text) {
    return {reinterpret_cast<const uint8_t *>(text.data()), text.size()};
}

inline std::string_view view(vx_str text) {
    return text.len == 0 ? std::string_view() : std::string_view(reinterpret_cast<const char *>(text.data), text.len);
}

inline void write(const vx_sink *sink, std::string_view text) {
    sink->write(sink->data, str(text));
}

// ----------------------------------------------------------------------------------------------------------- errors

/// A failure that the author foresaw: the instance stays usable.
class error : public std::runtime_error {
  public:
    error(vx_status status, const std::string &message) : std::runtime_error(message), status_(status) {}
    vx_status status() const noexcept { return status_; }

  private:
    vx_status status_;
};

/// This item fails; others go on. `kind` tells what may go well another time: VX_UNAVAILABLE, VX_EXHAUSTED or VX_FULL.
inline error failed(const std::string &message, vx_status kind = 0) { return {VX_FAILED | kind, message}; }
/// The run must stop.
inline error fatal(const std::string &message, vx_status kind = 0) { return {VX_FATAL | kind, message}; }
/// Parameter `path` must not have this value.
inline error invalid(const std::string &path, const std::string &message, vx_status kind = 0) {
    return {VX_INVALID | kind, path + "\t" + message};
}

/// The kind of an exception of the standard library: of memory, or of the system by its number; 0 for all others.
inline vx_status kind_of(const std::exception &thrown) {
    if (dynamic_cast<const std::bad_alloc *>(&thrown) != nullptr) {
        return VX_EXHAUSTED;
    }
    const auto *failure = dynamic_cast<const std::system_error *>(&thrown);
    bool is_errno = failure != nullptr && (failure->code().category() == std::generic_category() ||
                                           failure->code().category() == std::system_category());
    return is_errno ? vx_kind_of_errno(failure->code().value()) : 0;
}

/// What surrounds each `run`, and knows the exceptions of a library; voxloom_torch.hpp puts libtorch's here.
struct plain {
    explicit plain(const vx_context &) {}
    static vx_status kind(const std::exception &thrown) { return kind_of(thrown); }
};

/// Runs `body`; what it throws becomes a status and a message. An exception that nobody foresaw sets `poisoned`.
template <class Surround = plain, class Body>
vx_status guarded(const vx_sink *sink, std::atomic<bool> *poisoned, Body &&body) noexcept {
    if (poisoned != nullptr && poisoned->load(std::memory_order_acquire)) {
        write(sink, "refused: an earlier call of this instance threw, and its state may be broken");
        return VX_POISONED;
    }
    std::string_view what = "an exception without a message";
    vx_status kind = 0;
    try {
        return body();
    } catch (const error &known) {
        write(sink, known.what());
        return known.status();
    } catch (const std::exception &thrown) {
        what = thrown.what();
        kind = Surround::kind(thrown);
        write(sink, "threw: ");
        write(sink, what.substr(0, what.find('\n'))); // libtorch appends its stack
    } catch (...) {
        write(sink, "threw: ");
        write(sink, what);
    }
    if (poisoned != nullptr) {
        poisoned->store(true, std::memory_order_release);
    }
    return VX_PANICKED | kind;
}

// ------------------------------------------------------------------------------------------------------------- JSON

/// A JSON value to read from. Parameters are complete when they arrive: what the description promises is there.
class json {
  public:
    enum class kind { null, boolean, number, string, array, object };

    static json parse(std::string_view text) {
        json value;
        const char *at = text.data();
        const char *end = at + text.size();
        value.read(at, end);
        space(at, end);
        if (at != end) {
            throw failed("JSON goes on after its end");
        }
        return value;
    }

    kind type() const { return kind_; }
    bool is_null() const { return kind_ == kind::null; }
    bool boolean() const { return expect(kind::boolean, "true or false"), number_ != 0; }
    double number() const { return expect(kind::number, "a number"), number_; }
    int64_t integer() const { return static_cast<int64_t>(number()); }
    const std::string &string() const { return expect(kind::string, "a string"), string_; }
    const std::vector<json> &array() const { return expect(kind::array, "an array"), items_; }
    size_t size() const { return items_.size(); }
    const json &operator[](size_t index) const { return array().at(index); }

    /// The value of `key`; null where an object has no such key.
    const json &operator[](std::string_view key) const {
        static const json none;
        expect(kind::object, "an object");
        auto found = std::find(keys_.begin(), keys_.end(), key);
        return found == keys_.end() ? none : items_[static_cast<size_t>(found - keys_.begin())];
    }

  private:
    kind kind_ = kind::null;
    double number_ = 0;
    std::string string_;
    std::vector<std::string> keys_;
    std::vector<json> items_;

    void expect(kind wanted, const char *name) const {
        if (kind_ != wanted) {
            throw failed(std::string("a JSON value is not ") + name);
        }
    }

    static void space(const char *&at, const char *end) {
        while (at != end && (*at == ' ' || *at == '\n' || *at == '\t' || *at == '\r')) {
            ++at;
        }
    }

    static bool take(const char *&at, const char *end, std::string_view word) {
        space(at, end);
        if (static_cast<size_t>(end - at) < word.size() || std::string_view(at, word.size()) != word) {
            return false;
        }
        at += word.size();
        return true;
    }

    static void need(const char *&at, const char *end, std::string_view word) {
        if (!take(at, end, word)) {
            throw failed("JSON lacks `" + std::string(word) + "`");
        }
    }

    void read(const char *&at, const char *end) {
        space(at, end);
        if (take(at, end, "null")) {
            kind_ = kind::null;
        } else if (take(at, end, "true")) {
            kind_ = kind::boolean, number_ = 1;
        } else if (take(at, end, "false")) {
            kind_ = kind::boolean;
        } else if (at != end && *at == '"') {
            kind_ = kind::string, string_ = text(at, end);
        } else if (take(at, end, "[")) {
            kind_ = kind::array;
            list(at, end, "]", [&] { items_.emplace_back().read(at, end); });
        } else if (take(at, end, "{")) {
            kind_ = kind::object;
            list(at, end, "}", [&] {
                space(at, end);
                keys_.push_back(text(at, end));
                need(at, end, ":");
                items_.emplace_back().read(at, end);
            });
        } else {
            kind_ = kind::number;
            auto [next, fault] = std::from_chars(at, end, number_);
            if (fault != std::errc()) {
                throw failed("JSON holds something that is no value");
            }
            at = next;
        }
    }

    template <class Item>
    static void list(const char *&at, const char *end, std::string_view close, Item item) {
        if (take(at, end, close)) {
            return;
        }
        do {
            item();
        } while (take(at, end, ","));
        need(at, end, close);
    }

    static std::string text(const char *&at, const char *end) {
        need(at, end, "\"");
        std::string out;
        while (at != end && *at != '"') {
            char letter = *at++;
            if (letter != '\\') {
                out += letter;
                continue;
            }
            char escape = at == end ? '\0' : *at++;
            static constexpr std::string_view codes = "bfnrt", letters = "\b\f\n\r\t";
            if (auto found = codes.find(escape); found != std::string_view::npos) {
                out += letters[found];
            } else if (escape == 'u') {
                append_utf8(out, code_point(at, end));
            } else {
                out += escape;
            }
        }
        need(at, end, "\"");
        return out;
    }

    static unsigned hex4(const char *&at, const char *end) {
        unsigned code = 0;
        if (end - at < 4 || std::from_chars(at, at + 4, code, 16).ptr != at + 4) {
            throw failed("JSON holds a bad \\u");
        }
        at += 4;
        return code;
    }

    static unsigned code_point(const char *&at, const char *end) {
        unsigned code = hex4(at, end);
        if (code >= 0xD800 && code < 0xDC00) {
            need(at, end, "\\u");
            code = 0x10000 + ((code - 0xD800) << 10) + (hex4(at, end) - 0xDC00);
        }
        return code;
    }

    static void append_utf8(std::string &out, unsigned code) {
        auto tail = [&](int shift) { out += static_cast<char>(0x80 | ((code >> shift) & 0x3F)); };
        if (code < 0x80) {
            out += static_cast<char>(code);
        } else if (code < 0x800) {
            out += static_cast<char>(0xC0 | code >> 6), tail(0);
        } else if (code < 0x10000) {
            out += static_cast<char>(0xE0 | code >> 12), tail(6), tail(0);
        } else {
            out += static_cast<char>(0xF0 | code >> 18), tail(12), tail(6), tail(0);
        }
    }
};

// ----------------------------------------------------------------------------------------------------------- values

/// FNV-1a over bytes, for digests.
inline uint64_t hash(const void *data, size_t n, uint64_t seed = 0xcbf29ce484222325u) {
    auto bytes = static_cast<const unsigned char *>(data);
    for (size_t index = 0; index < n; ++index) {
        seed = (seed ^ bytes[index]) * 0x100000001b3u;
    }
    return seed;
}

/// A JSON text as a value; handles share one immutable string.
struct json_value {
    using shared = std::shared_ptr<const std::string>;
    static const std::string &of(void *handle) { return **static_cast<shared *>(handle); }
    static void *clone(void *handle) { return new (std::nothrow) shared(*static_cast<shared *>(handle)); }
    static void release(void *handle) { delete static_cast<shared *>(handle); }
    static void describe(void *handle, const vx_sink *sink) { write(sink, of(handle)); }
    static uint64_t nbytes(void *handle) { return of(handle).size(); }
    static uint64_t digest(void *handle) { return hash(of(handle).data(), of(handle).size()); }
    static vx_status text(void *handle, const vx_sink *sink) { return write(sink, of(handle)), VX_OK; }

    static vx_value make(std::string text);
};

inline const vx_value_table json_table = {
    sizeof(vx_value_table), 0,       json_value::clone, json_value::release, json_value::describe, json_value::nbytes,
    json_value::digest,     nullptr, nullptr,           nullptr,             json_value::text,     nullptr,
    nullptr};

inline vx_value json_value::make(std::string text) {
    return {str(VX_TYPE_JSON), new shared(std::make_shared<const std::string>(std::move(text))), &json_table};
}

/// One call: inputs and outputs by the names of their ports, and the engine's context.
class call {
  public:
    call(const json &entry, const vx_context &context, const vx_value *inputs, vx_value *outputs)
        : entry_(entry), context_(context), inputs_(inputs), outputs_(outputs) {}

    const vx_context &context() const { return context_; }
    bool cancelled() const { return context_.cancelled(context_.host) != 0; }
    void log(vx_level level, std::string_view text) const { context_.log(context_.host, level, str(text)); }

    /// The value of an input, borrowed; its table is null where an optional input is not connected.
    const vx_value &input(std::string_view port) const { return inputs_[index("inputs", port)]; }

    /// An input that must be of type `type_id`.
    const vx_value &input(std::string_view port, std::string_view type_id) const {
        const vx_value &value = input(port);
        if (value.table == nullptr) {
            throw failed("input `" + std::string(port) + "` is missing: connect it under `in`");
        }
        if (view(value.type_id) != type_id) {
            throw failed("input `" + std::string(port) + "` holds `" + std::string(view(value.type_id)) + "`, expected `" +
                         std::string(type_id) + "`");
        }
        return value;
    }

    json read_json(std::string_view port) const {
        const vx_value &value = input(port, VX_TYPE_JSON);
        std::string text;
        vx_sink sink = {&text, [](void *data, vx_str part) { static_cast<std::string *>(data)->append(view(part)); }};
        if (value.table->json == nullptr || value.table->json(value.handle, &sink) != VX_OK) {
            throw failed("input `" + std::string(port) + "` did not give its JSON text");
        }
        return json::parse(text);
    }

    /// Hands a value over.
    void output(std::string_view port, vx_value value) { outputs_[index("outputs", port)] = value; }
    void output_json(std::string_view port, std::string text) { output(port, json_value::make(std::move(text))); }

  private:
    const json &entry_;
    const vx_context &context_;
    const vx_value *inputs_;
    vx_value *outputs_;

    size_t index(std::string_view side, std::string_view port) const {
        const std::vector<json> &ports = entry_[side].array();
        for (size_t at = 0; at < ports.size(); ++at) {
            if (ports[at]["name"].string() == port) {
                return at;
            }
        }
        throw fatal("the operator used a port `" + std::string(port) + "` that it does not declare");
    }
};

// ---------------------------------------------------------------------------------------------- operators and plugin

/// The table of a plain operator with one `map` entry.
template <class Operator, class Surround = plain>
struct map {
    struct instance {
        Operator op;
        std::atomic<bool> poisoned{false};
        explicit instance(const json &params) : op(params) {}
    };

    static const json &entry() {
        static const json description = json::parse(Operator::description);
        return description["entries"][size_t{0}];
    }

    static void describe(const vx_sink *sink) { write(sink, Operator::description); }

    template <class T>
    static auto checked(const json &params, int) -> decltype(T::check(params)) {
        T::check(params);
    }
    template <class T>
    static void checked(const json &, long) {}

    static vx_status check(uint32_t entry, vx_str params, const vx_sink *error) {
        return guarded(error, nullptr, [&] {
            json parsed = json::parse(view(params));
            if (entry == UINT32_MAX) { // a plain operator's entry has no parameters of its own
                checked<Operator>(parsed, 0);
            }
            return VX_OK;
        });
    }
    static vx_status create(const vx_context *, vx_str params, void **out, const vx_sink *error) {
        return guarded<Surround>(error, nullptr, [&] { return *out = new instance(json::parse(view(params))), VX_OK; });
    }
    static void destroy(void *made) { delete static_cast<instance *>(made); }

    // A plain operator's call holds nothing of its own: it is the instance.
    static vx_status bind(void *made, uint32_t, vx_str, const vx_module_ref *, const uint32_t *, size_t, void **out,
                          const vx_sink *) {
        *out = made;
        return VX_OK;
    }
    static void unbind(void *) {}

    static vx_status run(void *bound, const vx_context *context, const vx_value *inputs, size_t, vx_value *outputs, size_t n,
                         const vx_sink *error) {
        auto made = static_cast<instance *>(bound);
        for (size_t index = 0; index < n; ++index) {
            outputs[index] = {{nullptr, 0}, nullptr, nullptr};
        }
        vx_status status = guarded<Surround>(error, &made->poisoned, [&] {
            Surround around(*context);
            vx::call one(entry(), *context, inputs, outputs);
            made->op.run(one);
            for (size_t index = 0; index < n; ++index) {
                if (outputs[index].table == nullptr) {
                    throw failed("output `" + entry()["outputs"][index]["name"].string() + "` was not written");
                }
            }
            return VX_OK;
        });
        for (size_t index = 0; status != VX_OK && index < n; ++index) {
            if (outputs[index].table != nullptr) {
                outputs[index].table->release(outputs[index].handle);
                outputs[index] = {{nullptr, 0}, nullptr, nullptr};
            }
        }
        return status;
    }

    static vx_status other(const vx_sink *error) { return write(error, "this operator has a map entry only"), VX_FATAL; }
    static vx_status open(void *, const vx_context *, const vx_value *, size_t, void **, const vx_sink *error) {
        return other(error);
    }
    static vx_status outputs(void *, const vx_context *, vx_value *, size_t, const vx_sink *error) { return other(error); }
    static vx_status push(void *, const vx_context *, const vx_value *, size_t, const vx_sink *error) { return other(error); }
    static void close(void *) {}

    static const vx_operator table;
};

template <class Operator, class Surround>
const vx_operator map<Operator, Surround>::table = {
    sizeof(vx_operator), 0,       {(const uint8_t *)Operator::name, std::char_traits<char>::length(Operator::name)},
    describe,            check,   create,
    destroy,             bind,    unbind,
    run,                 open,    outputs,
    push,                outputs, close,
    nullptr,             nullptr, nullptr};

} // namespace vx

/// Defines the exported constant: name, version, libtorch ("" for none), then a pointer to each operator's table.
#define VX_PLUGIN(plugin_name, plugin_version, plugin_libtorch, ...)                                                    \
    static const vx_operator *const vx_tables[] = {__VA_ARGS__};                                                       \
    extern "C" VX_EXPORT const vx_plugin voxloom_plugin = {                                                             \
        VX_PLUGIN_HEAD,          sizeof(vx_tables) / sizeof(vx_tables[0]), VX_STR(plugin_name), VX_STR(plugin_version), \
        VX_STR(plugin_libtorch), vx_tables};

#endif // VOXLOOM_HPP
