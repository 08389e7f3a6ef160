"""Random C programs mean the same to the host's compiler and to ours on the golden machine."""

import pytest

from cosim.stimulus.cprogram import generate
from cosim.stimulus.differential import Difference, check, compare, host_compiler, smallest

PROGRAMS, BATCHES = 10, 6
needs_host = pytest.mark.skipif(host_compiler() is None, reason="no host C compiler to compare with")


@needs_host
@pytest.mark.parametrize("batch", range(BATCHES))
def test_random_programs_agree(seed, batch):
    first = 1_000_000 * (seed + 1) + batch * PROGRAMS
    differing = [number for number in range(first, first + PROGRAMS) if check(number, 24)]
    assert not differing, f"repeat: cheriot fuzzcc -n 1 --size 24 --seed {differing[0]}"


@needs_host
def test_a_difference_is_found_and_cut_down():
    """A line that only the host compiles stands for a compiler error."""
    planted = generate(3, 10).replace("int main(void) {", "int main(void) {\n#ifdef __x86_64__\n mix(1);\n#endif", 1)
    difference = compare(planted) or compare(planted.replace("__x86_64__", "__aarch64__"))
    assert isinstance(difference, Difference)
    small = smallest(difference)
    assert compare(small) is not None and len(small) < len(planted)


def test_programs_depend_on_the_seed_only():
    assert generate(7, 30) == generate(7, 30) != generate(8, 30)
