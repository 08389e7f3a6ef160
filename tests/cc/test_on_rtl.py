"""C programs on the RTL: a core and a golden machine that differ are noticed, and the next program runs."""

import pytest

from cosim.c_on_rtl import Disagreement
from rtos_model.machine.semantics.capability import CAP

pytestmark = pytest.mark.sim


def test_a_disagreement_is_reported_and_left_behind(tmp_path, on_rtl, monkeypatch):
    path = tmp_path / "program.c"
    path.write_text("volatile int a[3];\nint main(void) { volatile int *p = a; return p[1]; }")
    assert on_rtl(path).code == 0
    with monkeypatch.context() as patch:
        right = CAP["setbounds"]
        patch.setitem(CAP, "setbounds", lambda a, b: right(a, b) ^ 1 << 41)
        with pytest.raises(Disagreement, match="csetbounds"):
            on_rtl(path)
    assert on_rtl(path).code == 0
