// Replays a table of transitions (see table.py) on the verilated bench, step by step.
//
//   replay TABLE SETUP cover                    every transition once, each from one way to its state
//   replay TABLE SETUP schedules STEPS LETTERS WAY   every sequence of so many of these actions, after a way
//   replay TABLE SETUP walk STEPS SEED          one long random sequence
//
// SETUP is the stimulus of the one cycle after reset; LETTERS and WAY are action numbers with commas, "-" for none.
// Prints "count N" and exits 0, or prints "mismatch WHAT EXPECTED FOUND" and the actions that lead there, and exits 1.

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "Vtop.h"
#include "Vtop___024root.h"
#include "verilated.h"

namespace {

constexpr uint32_t IMPOSSIBLE = 0xFFFFFFFF;
constexpr uint8_t NOT_LOADED = 0xFF;

struct Table {
    uint32_t states, actions;
    std::vector<uint32_t> following;
    std::vector<uint16_t> shows;
    std::vector<uint8_t> raw, drives, registers;

    explicit Table(const char* name) {
        FILE* file = std::fopen(name, "rb");
        if (!file || std::fread(&states, 4, 1, file) != 1 || std::fread(&actions, 4, 1, file) != 1) std::abort();
        read(file, following, size_t(states) * actions);
        read(file, shows, size_t(states) * actions);
        read(file, raw, size_t(states) * actions);
        read(file, drives, size_t(states) * actions);
        read(file, registers, states);
        std::fclose(file);
    }

    template <typename T>
    static void read(FILE* file, std::vector<T>& part, size_t count) {
        part.resize(count);
        if (std::fread(part.data(), sizeof(T), count, file) != count) std::abort();
    }
};

using Snapshot = std::unique_ptr<uint8_t[]>;

// The design. All of its state is plain data inside one object, so it can be copied out and back.
class Design {
public:
    Design() : top(new Vtop) {}

    void start(uint8_t setup) {
        top->rst = 1;
        top->stimulus = 0;
        tick();
        tick();
        top->rst = 0;
        for (top->eval(); !top->ready; top->eval()) tick();
        drive(setup);
        tick();
    }
    void drive(uint8_t stimulus) {
        top->stimulus = stimulus;
        top->eval();
    }
    void tick() {
        top->clk = 1;
        top->eval();
        top->clk = 0;
        top->eval();
    }
    uint16_t seen() const { return top->seen; }
    unsigned answers() const { return top->answers; }

    void save(Snapshot& to) const {
        if (!to) to.reset(new uint8_t[sizeof(Vtop___024root)]);
        std::memcpy(to.get(), static_cast<const void*>(top->rootp), sizeof(Vtop___024root));
    }
    void restore(const Snapshot& from) {
        std::memcpy(static_cast<void*>(top->rootp), from.get(), sizeof(Vtop___024root));
    }

private:
    std::unique_ptr<Vtop> top;
};

struct Replay {
    Table table;
    Design design;
    std::vector<unsigned> trail;  // of actions, for the message
    uint64_t count = 0;

    explicit Replay(const char* name) : table(name) {}

    [[noreturn]] void fail(const char* what, unsigned expected, unsigned found) {
        std::printf("mismatch %s %u %u\n", what, expected, found);
        for (unsigned action : trail) std::printf("%u ", action);
        std::printf("\n");
        std::exit(1);
    }

    // One action; the state that follows.
    uint32_t step(uint32_t state, unsigned action) {
        const size_t place = size_t(state) * table.actions + action;
        design.drive(table.drives[place]);
        if (design.seen() != table.shows[place]) fail("seen", table.shows[place], design.seen());
        design.tick();
        // Fields of `Answers`, lowest first: loaded, raw (3 bits), kept, filtered (3 bits)
        const unsigned answers = design.answers();
        const bool loaded = answers & 1, kept = answers >> 4 & 1;
        const uint8_t raw = table.raw[place];
        if (loaded != (raw != NOT_LOADED)) fail("loaded", raw != NOT_LOADED, loaded);
        if (loaded && (answers >> 1 & 7) != raw) fail("read", raw, answers >> 1 & 7);
        if (kept && (answers >> 5 & 7) != table.registers[state]) {
            fail("register", table.registers[state], answers >> 5 & 7);
        }
        ++count;
        return table.following[place];
    }

    bool possible(uint32_t state, unsigned action) const {
        return table.following[size_t(state) * table.actions + action] != IMPOSSIBLE;
    }

    void cover() {
        std::vector<Snapshot> snapshots(table.states);
        std::vector<bool> reached(table.states);
        std::vector<uint32_t> parent(table.states), order{0};
        std::vector<unsigned> by(table.states);
        design.save(snapshots[0]);
        reached[0] = true;
        for (size_t next = 0; next < order.size(); ++next) {
            const uint32_t state = order[next];
            for (unsigned action = 0; action < table.actions; ++action) {
                if (!possible(state, action)) continue;
                trail.assign(1, action);
                for (uint32_t at = state; at; at = parent[at]) trail.insert(trail.begin(), by[at]);
                design.restore(snapshots[state]);
                const uint32_t after = step(state, action);
                if (!reached[after]) {
                    reached[after] = true;
                    design.save(snapshots[after]);
                    parent[after] = state;
                    by[after] = action;
                    order.push_back(after);
                }
            }
            snapshots[state].reset();
        }
    }

    void schedules(uint32_t state, unsigned steps, const std::vector<unsigned>& letters) {
        if (!steps) {
            ++leaves;
            if (leaves % 1000000 == 0) {
                std::printf("progress %llu\n", static_cast<unsigned long long>(leaves));
                std::fflush(stdout);
            }
            return;
        }
        if (saved.size() < steps) saved.resize(steps);
        Snapshot& here = saved[steps - 1];
        design.save(here);
        for (unsigned action : letters) {
            if (!possible(state, action)) continue;
            design.restore(here);
            trail.push_back(action);
            schedules(step(state, action), steps - 1, letters);
            trail.pop_back();
        }
    }

    void walk(uint64_t steps, uint64_t seed) {
        uint32_t state = 0;
        uint64_t random = seed * 0x9E3779B97F4A7C15 + 1;
        for (uint64_t done = 0; done < steps; ++done) {
            unsigned action;
            do {
                random ^= random << 13;
                random ^= random >> 7;
                random ^= random << 17;
                action = random % table.actions;
            } while (!possible(state, action));
            trail.push_back(action);
            if (trail.size() > 200) trail.erase(trail.begin());
            state = step(state, action);
        }
    }

    uint64_t leaves = 0;
    std::vector<Snapshot> saved;
};

std::vector<unsigned> numbers(const char* text) {
    std::vector<unsigned> found;
    if (std::string(text) == "-") return found;
    std::stringstream stream(text);
    for (std::string part; std::getline(stream, part, ',');) found.push_back(std::stoul(part));
    return found;
}

}  // namespace

int main(int argc, char** argv) {
    Replay replay(argv[1]);
    replay.design.start(std::stoul(argv[2]));
    const std::string mode = argv[3];
    if (mode == "cover") {
        replay.cover();
    } else if (mode == "walk") {
        replay.walk(std::stoull(argv[4]), std::stoull(argv[5]));
    } else {
        uint32_t state = 0;
        for (unsigned action : numbers(argv[6])) {
            replay.trail.push_back(action);
            state = replay.step(state, action);
        }
        replay.schedules(state, std::stoul(argv[4]), numbers(argv[5]));
        replay.count = replay.leaves;
    }
    std::printf("count %llu\n", static_cast<unsigned long long>(replay.count));
    return 0;
}
