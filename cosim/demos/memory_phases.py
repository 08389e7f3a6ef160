"""D4: two workloads with peaks of 64 KiB share a heap of 66 KiB: what static allocation needs 128 KiB for.

The article's example (64 KiB to 2 MiB each: 4 MiB static, 2,112 KiB shared) at 1/32 of its size.
"""

from cosim.commands.compare import table
from cosim.stage import Exhibit, Scene, claim
from rtos_model.services.comparisons import memory_sizing
from rtos_model.services.measurements import SCALED_LEAST, SCALED_PEAK, phases
from rtos_model.services.scenario import simple

MORE = SCALED_PEAK - SCALED_LEAST
SHOW = ("ALLOC", "FREE", "EPOCH", "BLOCK")
TURNS = simple(
    "D4-1",
    "the peaks come one after the other",
    "HP-20 HP-43",
    kinds="EXIT",
    expect="EXIT H\nEXIT M",
    **phases(overlap=False),
)
CLASH = simple(
    "D4-2",
    "both want their peak at the same time",
    "HP-8 SG-19",
    kinds="EXIT",
    expect="EXIT H\nEXIT M",
    **phases(overlap=True),
)


def arithmetic() -> tuple[str, list[tuple[bool, str]]]:
    made = memory_sizing()
    return table(made), [(True, "each number is calculated, beside what the article prints")]


SCENES = (
    Scene(
        scenario=TURNS,
        cast="H and M keep 2 KiB each and need 64 KiB at their peak. M's turn comes when H's is over.",
        show=SHOW,
        claims=(
            claim("the first gets its peak", "HP-8", f"ALLOC first {MORE} * heap#3"),
            claim("so does the second, out of the same memory", "HP-43", f"ALLOC second {MORE} * heap#4"),
            claim("after a sweep that ends every pointer to it", "HP-43", "EPOCH 2"),
        ),
    ),
    Scene(
        scenario=CLASH,
        cast="the same two, at the same time.",
        show=SHOW,
        claims=(
            claim("the first has its peak", "HP-8", f"ALLOC first {MORE} * heap#3"),
            claim("the second is refused, at no charge", "SG-19", f"ALLOC second {MORE} 0 -13"),
        ),
    ),
    Exhibit("the same on paper", arithmetic),
)
