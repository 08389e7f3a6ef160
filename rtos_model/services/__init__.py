"""The golden model of the CHERIoT RTOS services: an executable oracle, without simulator or hardware.

README.md in this folder leads a newcomer to a scenario of one's own.

**At the prompt**: `session.Session` makes one call after the other (`session.MessageQueue` is a queue in one).
**A system**: `kernel.Kernel(image, program).run()`; its docstring has an example. **A scenario**: `scenario.simple`.

Map, from what is to what happens:

| module | what it holds |
| --- | --- |
| errors, events | error numbers, traps, the model's exceptions; the event records, `line` and `parse` |
| image | the declared system: frozen, checks itself; read by loader, audit report and firmware builder |
| pointers, memory | registers and digests; bytes, tags, load filter, ISA checks, devices |
| loader | addresses, initial capabilities (`Grant`, one for each import), names of addresses |
| scheduler, timeout | rings, sleep list, queues, ticks, timer; the time-limit argument |
| switcher | `Ctx` (what code can do), calls, stack clearing, handlers, unwinding |
| futex, interrupts, multiwaiter | the scheduler's services |
| switcher_helpers | the switcher's library calls, `check_pointer` |
| quota, heap, heap_lock | who pays; placement, charge, quarantine as bookkeeping; the allocator's lock and sleepers |
| allocator, quarantine | attempts and waiting for memory, `malloc`; waiting for the revoker, flushing |
| heap_release, hazards | free, claims; hazard slots, deferred objects, ephemeral claims |
| token, sealing, net_gate | unsealing, permission bits; keys and sealed objects; a service built on them, in steps |
| revoker, registers | sweeps, by device or software; what they reach in Python code |
| queue, message_queue | message queues, library form; behind sealed handles, in a compartment |
| flagword, locks, sync, lock_classes | a lock's word; flag, recursive, ticket; semaphore to run-once; the C++ classes |
| event_group, ring_buffer | event groups; ring buffers in the user's memory |
| thread_pool, timer_service | worker threads, software timers; `simple(threads={"W": "thread_pool.thread_pool_run"})` |
| freertos | FreeRTOS's own names as wrappers |
| code_pointers | function pointers for ordinary calls (`Function` in steps) |
| entries, registry | how functions are declared; all of them by name; `link` makes an image of a program |
| steps, program_check, interpreter | the scenario language as data; mistakes in it; what it means |
| scenario, scenarios/, rules | a scenario and its verdict; the catalogue by topic; all rule identifiers |
| kernel, session | the front; one thread at the prompt |
| audit, audit_policy | the audit report, held against the grants; policy and questions to it |
| comparisons, measurements, delays, coverage | tables of numbers; calls and charges; times; the two texts |

**How it runs.** A thread is a generator. `yield` means "an interrupt may be taken here and another thread may run";
the
kernel's loop takes a pending interrupt if the running thread's posture allows it, else resumes `scheduler.current`.
Between two yields code is atomic and takes no time: time moves when all threads are suspended (to the next deadline
plus one cycle) or in `Ctx.advance`. `scheduler.enter` decides who is current and never runs anything itself.

**Adding a service**

1. A module with the functions. `@service("owner", posture=..., min_stack=..., arguments=...)` is a compartment entry,
   `@library("owner", posture=...)` a library function, `@inline("callee", ...)` a header function. The first
   parameter is the `Ctx`, then the arguments in API order. Numbers are `int` (negative codes as such), pointers
   `Cap`; use `as_int` and `as_cap`. A function that may block or call is a generator: `yield from ctx.call("name",
   ...)`.
2. `IMPORTS = {"owner": ("function", ...)}` names what the owner calls; calls that are not imported are refused.
3. Add the module to `registry.MODULES` (and static keys to `registry.KEYS`, an error handler's form to
   `registry.HANDLERS`). Nothing else is needed to call it.
4. Blocking goes through `futex.wait` and `futex.notify` (libraries) or `scheduler.suspend` and `ctx.yield_`
   (scheduler).
5. State lives in model memory, reached through capabilities (`ctx.load`, `ctx.store`, `ctx.load_cap`,
   `ctx.store_cap`), never in Python attributes: so use after free, missing permissions and isolation are
   consequences. What depends on an error handler goes through `ctx.guarded` (may resume behind the access) or
   `ctx.during` (scoped handler).
6. An observer sees calls, returns and library results without your help (`ctx.call` logs them; direct Python calls
   inside a service do not). A new event is a record in `events` and a line in the comparison of
   cosim/compare/services.py.
7. Memory on a caller's quota: `ctx.call("heap_allocate", t, quota, size, flags)`, or
   `ctx.call("token_sealed_unsealed_alloc", t, quota, key, size, out)` for an opaque handle, opened by `token.unseal`.
   `image.quota` declares a quota; `malloc` uses the compartment's `NAME.malloc`, which `link` adds on demand.
8. What an owner has besides functions: `GLOBALS = {"owner": (Word(...),)}` in its module.

**Adding a scenario**: README.md; those of the catalogue stand in the tuples `SCENARIOS` of scenarios/, where new files
are found by themselves. Break each rule it names in the model, see it fail, and keep the break in tests/services.
"""
