"""The worked vectors as a fixture."""

from pathlib import Path


def pytest_generate_tests(metafunc):
    """A test with an argument `vector_X` runs once for each vector of group X, with its columns as strings."""
    lines = (Path(__file__).parent / "vectors.txt").read_text().splitlines()
    rows = [line.split(" | ") for line in lines if line and not line.startswith("#")]
    for argument in metafunc.fixturenames:
        if argument.startswith("vector_"):
            group = argument.removeprefix("vector_")
            chosen = [row for row in rows if row[0][0] == group]
            metafunc.parametrize(argument, [row[1:] for row in chosen], ids=[row[0] for row in chosen])
