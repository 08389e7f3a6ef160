"""Compile time stays within half a second a thousand lines."""

from time import process_time

from cosim.stimulus.cprogram import generate
from cosim.toolchain.cc.compiler import compile_file
from cosim.toolchain.cc.driver import INCLUDE

SECONDS_PER_LINE = 0.5 / 1000
LINES = 1000


def test_compile_time(tmp_path):
    path = tmp_path / "unit.c"
    functions = "\n".join(
        f"""static int f{n}(int count, const unsigned char *data, int *sums)
{{
    int total = 0;
    for (int i = 0; i < count; i++) {{
        if (data[i] > {n} && sums[i & 3] != 4)
            total += data[i] * 3 + sums[i & 3];
        else
            total -= data[i] << 2;
        switch (total & 3) {{
        case 0:
            total++;
            break;
        case 1:
            sums[1] += total;
            break;
        }}
    }}
    return total + {n};
}}
int g{n}(int a, const unsigned char *b, int *c) {{ return f{n}(a, b, c) * a; }}"""
        for n in range(LINES // 20)
    )
    path.write_text(functions + "\n")
    lines = functions.count("\n") + 1

    def seconds():
        start = process_time()
        compile_file(path, [INCLUDE])
        return process_time() - start

    assert lines >= LINES * 0.9
    assert min(seconds() for _ in range(3)) < lines * SECONDS_PER_LINE


def test_random_programs_compile(tmp_path):
    """Sizes grow the code, not the time for each line."""
    path = tmp_path / "unit.c"

    def per_line(size):
        text = generate(17, size)
        path.write_text(text)
        times = []
        for _ in range(2):
            start = process_time()
            compile_file(path, [INCLUDE])
            times.append(process_time() - start)
        return min(times) / text.count("\n")

    assert per_line(120) < 6 * per_line(30) + 0.001
