"""D3: an interrupt is a word that counts; a thread watches it like any other word.

No code of a compartment ever runs in interrupt context. Who may wait for an interrupt and who may acknowledge it are
two rights, given separately.
"""

from cosim.stage import Scene, claim
from rtos_model.services.scenario import catalogue

SHOW = ("CALL", "RET", "BLOCK", "READY", "IRQ", "SWITCH")
SCENES = (
    Scene(
        scenario=catalogue()["SC-47"],
        cast="H computes while five interrupts arrive, then looks at the word: no call is needed to look.",
        show=SHOW,
        claims=(
            claim("none of the five is lost", "IR-7", "IRQ 12 5 []"),
            claim("and only the word itself had to be asked for", "IR-7", "CALL * * * * *", times=1),
        ),
    ),
    Scene(
        scenario=catalogue()["SC-45"],
        cast="the interrupt arrives before anybody waits for it.",
        show=SHOW,
        claims=(
            claim("the first wait returns at once", "IR-7", "RET H futex_timed_wait 0 0"),
            claim("without going to sleep", "IR-7", "BLOCK * * *", times=0),
        ),
    ),
    Scene(
        scenario=catalogue()["SC-46"],
        cast="A and B watch one source; only B has the right to acknowledge it. D is the device.",
        show=SHOW,
        claims=(
            claim("one interrupt wakes both", "IR-3", "IRQ 8 1 [A,B]"),
            claim("A may not acknowledge", "IR-6 SG-16", "RET A interrupt_complete -2 0"),
            claim("B may", "IR-6", "RET B interrupt_complete 0 0"),
        ),
    ),
    Scene(
        scenario=catalogue()["SC-57"],
        cast="H waits for hardware and software in one call; L fires first the one, then the other.",
        show=SHOW,
        claims=(
            claim("the interrupt wakes H", "IR-8 MW-2", "IRQ 12 1 [H]"),
            claim("and so does the other thread's word", "IR-8 MW-2", "READY H multi", times=2),
        ),
    ),
    Scene(
        scenario=catalogue()["SC-41"],
        cast="what a holder of the word can do with it: read 4 bytes, and nothing else.",
        show=("CALL", "RET", "TRAP"),
        claims=(
            claim("nobody can write the counter", "SG-15", "TRAP * * 28 19"),
            claim("nobody can read its neighbour", "SG-15", "TRAP * * 28 1"),
        ),
    ),
)
