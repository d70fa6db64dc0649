// Operators that break the contract in one way each.

#include "voxloom.hpp"

#include <atomic>
#include <sstream>
#include <thread>

#define DESCRIBED(NAME, PARAMS, OUTPUT)                                                                                         \
    R"({"name": ")" NAME R"(", "about": "Careless.", "params": {"type": "object", "required": [], "properties": {)" PARAMS      \
    R"(}}, "entries": [{"name": "run", "params": {"type": "object"}, "inputs": [{"name": "value", "type": "json"}],)"           \
    R"("outputs": [{"name": "value", "type": ")" OUTPUT R"("}]}]})"

/// Looks at its input, as it should.
struct Careful {
    explicit Careful(const vx::json &) {}
    void run(vx::call &call) const {
        call.read_json("value");
        call.output_json("value", answer());
    }
    virtual std::string answer() const { return "1"; }
    virtual ~Careful() = default;
};

struct Count : Careful {
    using Careful::Careful;
    static constexpr const char *name = "careless.count";
    static constexpr const char *description = DESCRIBED("careless.count", "", "json");
    std::string answer() const override {
        static std::atomic<int> n{0};
        return std::to_string(++n);
    }
};

struct Thread : Careful {
    using Careful::Careful;
    static constexpr const char *name = "careless.thread";
    static constexpr const char *description = DESCRIBED("careless.thread", "", "json");
    std::string answer() const override {
        std::ostringstream text;
        text << std::this_thread::get_id();
        return text.str();
    }
};

struct Deaf {
    static constexpr const char *name = "careless.deaf";
    static constexpr const char *description = DESCRIBED("careless.deaf", "", "json");
    explicit Deaf(const vx::json &) {}
    void run(vx::call &call) const { call.output_json("value", "1"); }
};

struct Mute {
    static constexpr const char *name = "careless.mute";
    static constexpr const char *description = DESCRIBED("careless.mute", "", "json");
    explicit Mute(const vx::json &) {}
    void run(vx::call &) const { throw vx::failed("something is wrong"); }
};

struct Throws {
    static constexpr const char *name = "careless.throws";
    static constexpr const char *description = DESCRIBED("careless.throws", "", "json");
    explicit Throws(const vx::json &) {}
    void run(vx::call &) const { throw std::runtime_error("not caught"); }
};

struct Liar : Careful {
    using Careful::Careful;
    static constexpr const char *name = "careless.liar";
    static constexpr const char *description = DESCRIBED("careless.liar", "", "tensor");
};

struct Vague : Careful {
    using Careful::Careful;
    static constexpr const char *name = "careless.vague";
    static constexpr const char *description =
        DESCRIBED("careless.vague", R"("factor": {"type": "number", "default": -1, "minimum": 0})", "json");
};

struct Fickle : Careful {
    using Careful::Careful;
    static constexpr const char *name = "careless.fickle";
    static constexpr const char *description = DESCRIBED("careless.fickle", "", "json");
};

static void describe_anew(const vx_sink *sink) {
    static std::atomic<int> n{0};
    std::string text = Fickle::description;
    text.insert(text.find("Careless.") + 9, std::to_string(n++));
    vx::write(sink, text);
}

static vx_operator fickle() {
    vx_operator table = vx::map<Fickle>::table;
    table.describe = describe_anew;
    return table;
}

static const vx_operator fickle_table = fickle();

VX_PLUGIN("careless", "0.1.0", "", &vx::map<Count>::table, &vx::map<Thread>::table, &vx::map<Deaf>::table, &vx::map<Mute>::table,
          &vx::map<Throws>::table, &vx::map<Liar>::table, &vx::map<Vague>::table, &fickle_table)
