// The simulator's main: toggles the clock by itself, so that nobody has to be asked about every edge, and keeps
// what the wrapper reports in rings that Python reads in bulk. Python (cocotb) wakes at its own timers only.
//
// The functions named tb_* with C linkage are called from Python through ctypes, except tb_commit and tb_event,
// which the Verilog wrapper calls.

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>

#include "Vtop.h"
#include "Vtop__Dpi.h"
#include "svdpi.h"
#include "verilated.h"
#include "verilated_vpi.h"
#if VM_TRACE_FST
#include "verilated_fst_c.h"
using Trace = VerilatedFstC;
#else
#include "verilated_vcd_c.h"
using Trace = VerilatedVcdC;
#endif

extern "C" void vlog_startup_routines_bootstrap();  // cocotb's

namespace {

constexpr uint64_t HALF_PERIOD = 5000;  // ps
constexpr uint64_t RING = 1 << 13;      // records that fit; Python drains more often than that
constexpr size_t RECORD_WORDS = TB_RECORD_WORDS;
constexpr size_t TEXT_BYTES = TB_TEXT_BYTES;

struct Event {
    uint64_t clock, kind, value;
};

// Shared with Python as plain memory: keep in step with cosim/bench/dut.py.
struct Shared {
    uint64_t records;  // ever pushed
    uint64_t events;   // ever pushed
    uint64_t running;  // the clock toggles
    uint64_t edges;    // rising edges so far
    uint64_t stop_in;  // rising edges left before the clock stops by itself; 0: no such plan
    uint64_t linger;   // the plan made when an ending event arrives
    uint64_t record[RING][RECORD_WORDS];
    Event event[RING];
} shared;

using TextHook = void (*)(const uint64_t* record, char* text);
TextHook text_hook = nullptr;

VerilatedContext* context = nullptr;
Vtop* top = nullptr;
Trace* trace = nullptr;

void evaluate() {
    top->eval();
    if (trace) trace->dump(context->time());
}

// Let callbacks and the design react to each other until both are quiet.
void settle() {
    do {
        top->eval();
        VerilatedVpi::clearEvalNeeded();
        VerilatedVpi::doInertialPuts();
        while (VerilatedVpi::callValueCbs()) {}
        VerilatedVpi::callCbs(cbReadWriteSynch);
        VerilatedVpi::doInertialPuts();
        while (VerilatedVpi::callValueCbs()) {}
    } while (VerilatedVpi::evalNeeded());
    VerilatedVpi::callCbs(cbReadOnlySynch);
    if (trace) trace->dump(context->time());
}

void toggle(uint64_t time) {
    context->time(time);
    top->clk = !top->clk;
    evaluate();
    if (!top->clk) return;
    ++shared.edges;
    if (shared.stop_in && --shared.stop_in == 0) shared.running = 0;
}

}  // namespace

extern "C" {

int tb_commit(const svBitVecVal* record) {
    memcpy(shared.record[shared.records++ % RING], record, sizeof shared.record[0]);
    return trace && text_hook;
}

void tb_text(const svBitVecVal* record, svBitVecVal* text) {
    char characters[TEXT_BYTES];
    text_hook(reinterpret_cast<const uint64_t*>(record), characters);
    char* bytes = reinterpret_cast<char*>(text);
    for (size_t i = 0; i < TEXT_BYTES; ++i) bytes[TEXT_BYTES - 1 - i] = characters[i];  // Verilog: first is highest
}

void tb_event(int kind, long long clock, long long value) {
    shared.event[shared.events++ % RING] = {uint64_t(clock), uint64_t(kind), uint64_t(value)};
    if (kind < TB_ENDING_EVENTS && !shared.stop_in) shared.stop_in = shared.linger;
}

void* tb_shared() { return &shared; }
void tb_set_text_hook(TextHook hook) { text_hook = hook; }

// Copies `count` elements of a memory, `words` 64-bit words each, out of the design or into it.
void tb_memory(int memory, int first, int count, int words, uint64_t* data, int write) {
    svSetScope(svGetScopeFromName("tb"));
    for (int index = first; index < first + count; ++index)
        for (int word = 0; word < words; ++word, ++data) {
            if (write) tb_poke(memory, index, *data);
            else *data = tb_peek(memory, index, word);
        }
}

// Starts a dump in a file, or ends the one under way.
void tb_trace(const char* path) {
    if (trace) {
        trace->close();
        delete trace;
        trace = nullptr;
    }
    if (path) {
        trace = new Trace;
        top->trace(trace, 99);
        trace->open(path);
    }
}
}

int main(int argc, char** argv) {
    auto owned_context = std::make_unique<VerilatedContext>();
    context = owned_context.get();
    context->commandArgs(argc, argv);
    context->traceEverOn(true);
    context->fatalOnVpiError(false);  // cocotb probes for things that may not exist
    Verilated::threadContextp(context);
    auto owned_top = std::make_unique<Vtop>(context, "");
    top = owned_top.get();

    vlog_startup_routines_bootstrap();
    VerilatedVpi::callCbs(cbStartOfSimulation);
    uint64_t next_edge = HALF_PERIOD;
    while (!context->gotFinish()) {
        settle();
        const uint64_t deadline = VerilatedVpi::cbNextDeadline();
        if (deadline == ~uint64_t(0)) break;
        while (shared.running && next_edge <= deadline && !context->gotFinish()) {
            toggle(next_edge);
            next_edge += HALF_PERIOD;
        }
        context->time(deadline);
        while (next_edge <= deadline) next_edge += 2 * HALF_PERIOD;  // the clock stood still
        VerilatedVpi::callCbs(cbNextSimTime);
        VerilatedVpi::callTimedCbs();
        while (VerilatedVpi::callValueCbs()) {}
    }
    top->final();
    VerilatedVpi::callCbs(cbEndOfSimulation);
    tb_trace(nullptr);
    return context->errorCount() ? 1 : 0;
}
