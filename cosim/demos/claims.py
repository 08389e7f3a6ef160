"""D5: use after free, in four acts: it cannot happen, and a callee can still keep what it was lent.

Freeing an object ends every pointer to it, wherever the copies are. Whoever needs the object longer claims it, and
pays for it with its own quota.
"""

from cosim.stage import Scene, claim
from rtos_model.services.scenario import catalogue

SHOW = ("CALL", "RET", "CALLFAIL", "TRAP", "UNWIND", "ALLOC", "FREE", "CLAIM", "EPOCH", "SWITCH")
SCENES = (
    Scene(
        scenario=catalogue()["SC-120"],
        cast="H keeps copies of a pointer in a register, on the stack, in a global and in the heap, then frees.",
        claims=(claim("the object is freed; no copy has its tag any more", "SG-18 HP-22", "FREE quota heap#1 freed"),),
    ),
    Scene(
        scenario=catalogue()["SC-123"],
        cast="L sleeps with a pointer in its registers; H frees the object and has memory swept.",
        show=SHOW,
        claims=(
            claim("a sweep reaches the registers of sleeping threads", "HP-43", "EPOCH 2"),
            claim("before the memory is used again", "HP-40", "ALLOC quota 40 48 heap#2"),
        ),
    ),
    Scene(
        scenario=catalogue()["SC-182"],
        cast="H lends an object and frees it while the callee works on it. One callee claims it first, one does not.",
        claims=(
            claim("who claimed goes on", "SG-17", "RET H careful 5 0"),
            claim("H has its quota back at once", "HP-31 HP-20", "FREE quota heap#1 owner-dropped"),
            claim("who did not claim is stopped at its first access", "SG-18", "TRAP H callee 28 2"),
            claim("which H survives", "SG-21", "CALLFAIL H trusting -1"),
            claim("a slice of an object is not enough to free it", "SG-24", "FREE quota heap#1 refused"),
        ),
    ),
    Scene(
        scenario=catalogue()["SC-126"],
        cast="`quota` owns an object of 128 bytes, `other` claims it twice. Who pays when?",
        claims=(
            claim(
                "the claimer pays for the object, and 16 for the claim", "HP-30", "RET H heap_quota_remaining 3944 0"
            ),
            claim("the owner is refunded at its free", "HP-20", "FREE quota heap#1 owner-dropped"),
            claim("who owns nothing any more frees nothing", "HP-23", "FREE quota heap#1 refused"),
            claim("the last claim ends the object", "HP-21", "FREE other heap#1 freed"),
        ),
    ),
)
