"""Systems written as TOML: what they mean, and what is said of mistakes."""

import json
from pathlib import Path

import pytest

from cosim import cli
from cosim.errors import UserError
from cosim.image import linked_program
from cosim.run import run_model
from cosim.toolchain.system import description
from cosim.toolchain.system.description import read_system
from rtl.config import SAFE
from rtos_model.services.image import Posture, RevokerKind, quota

SYSTEM = """
heap_size = 16384
initialisers = ["main.init"]
include = ["."]
defines = { GREETING = '"good day"' }

[compartments.console]
sources = ["console.c"]
exports = ["say"]
devices = [{ name = "uart", permissions = "W", length = 4 }]

[compartments.main]
sources = ["main.c"]
exports = ["run", { name = "init", arguments = 0, posture = "enabled" }]
shared = [{ name = "board", permissions = "RW" }]
sealed = ["box"]
keys = ["Lid"]

[libraries.tools]
sources = ["tools.c"]
exports = ["twice"]

[quotas]
main = 1024

[shared_objects.board]
size = 8

[sealed_objects.box]
owner = "main"
key = "Lid"
text = "inside"
size = 12

[interrupts.button]
number = 9
edge = true

[threads.main]
entry = "main.run"
priority = 4
stack = 2048
frames = 4
"""
SOURCES = {
    "console.c": """
#include <compartment.h>
int __cheri_compartment("console") say(const char *text)
{
	volatile uint32_t *uart = MMIO_CAPABILITY(uint32_t, uart);
	while (*text)
		*uart = *text++;
	*uart = '\\n';
	return 0;
}
""",
    "tools.h": "int __cheri_libcall twice(int x);\n",
    "tools.c": '#include <compartment.h>\n#include "tools.h"\nint twice(int x) { return 2 * x; }\n',
    "main.c": """
#include <atomic.h>
#include <compartment.h>
#include <stdlib.h>
#include <string.h>
#include <token.h>
#include "tools.h"
int __cheri_compartment("console") say(const char *text);
void __cheri_compartment("main") init(void) { *SHARED_OBJECT(int, board) = 21; }
void __cheri_compartment("main") run(void)
{
	char *copy = malloc(32);
	strcpy(copy, GREETING);
	say(copy);
	free(copy);
	say(token_obj_unseal_static(STATIC_SEALING_TYPE(Lid), STATIC_SEALED_VALUE(box)));
	say(twice(*SHARED_OBJECT(int, board)) == 42 ? "right" : "wrong");
	uint32_t word = 40, expected = 42;
	atomic_fetch_add_u32(&word, 2);
	say(atomic_compare_exchange_u32(&word, &expected, 7) && word == 7 ? "atomic" : "torn");
}
""",
}


@pytest.fixture
def folder(tmp_path):
    for name, text in SOURCES.items():
        (tmp_path / name).write_text(text)
    (tmp_path / "system.toml").write_text(SYSTEM)
    return tmp_path


def test_a_system_from_a_file_runs(folder):
    system = read_system(folder / "system.toml").build()
    result = run_model(SAFE, linked_program("system", system.image), max_cycles=1_000_000)
    assert result.console == b"good day\ninside\nright\natomic\n" and result.program_code == 0


def test_what_the_file_means(folder):
    image = read_system(folder / "system.toml").image
    main = image.compartment("main")
    assert [(one.name, one.posture, one.arguments) for one in main.exports] == [
        ("run", Posture.ENABLED, 0),
        ("init", Posture.ENABLED, 0),
    ]
    assert image.compartment("console").exports[0].arguments == 1
    assert quota("main.malloc", 1024) in image.sealed_objects
    assert [one.contents for one in image.sealed_objects if one.name == "box"] == [b"inside".ljust(12, b"\0")]
    assert (image.heap_size, image.revoker, image.threads[0].stack) == (16384, RevokerKind.INTERRUPT, 2048)
    assert [one.name for one in image.interrupts] == ["button", "revoker"]


def test_the_command_writes_image_report_map_and_listing(folder, capsys):
    assert cli.main(["build", str(folder / "system.toml"), "--map", "--listing"]) == 0
    assert "audit report" in capsys.readouterr().out
    report = json.loads((folder / "system.json").read_text())
    assert report["file"] == "system.elf"
    assert report["compartments"]["console"]["imports"][0]["length"] == 4
    assert "<main.run>:" in (folder / "system.dis").read_text()
    assert "__export_main_run" in (folder / "system.map").read_text()


@pytest.mark.parametrize(
    "old, new, message",
    [
        ("heap_size = 16384", "heap_sise = 16384", "heap_sise: no such key; did you mean"),
        ("heap_size = 16384", 'heap_size = "much"', "heap_size: 'much' is no whole number"),
        ("heap_size = 16384", "heap_size = 12", "heap_size 12: must be a multiple of 8"),
        ("stack = 2048", "stack = 2050", "thread 'main': stack 2050 must be a multiple of 16"),
        ('entry = "main.run"', 'entry = "run"', "threads.main.entry: 'run' is no compartment.function"),
        ('entry = "main.run"', 'entry = "main.go"', "main.go is not exported"),
        ('entry = "main.run"', "", "threads.main.entry: is missing"),
        ('sources = ["tools.c"]', "sources = []", "libraries.tools.sources: name at least one"),
        ('sources = ["tools.c"]', 'sources = ["gone.c"]', "gone.c: cannot read it"),
        ('"run", {', '"run", { speed = 1,', "compartments.main.exports[1].speed: no such key"),
        ('posture = "enabled"', 'posture = "on"', "compartments.main.exports[1].posture: 'on'"),
        ('posture = "enabled"', 'posture = "disabled"', "main.c:9: init runs with interrupts enabled here"),
        ("arguments = 0", "arguments = 3", "init takes 0 argument registers here"),
        ('"uart"', '"uarts"', "device 'uarts' is not declared"),
        ("main = 1024", "mian = 1024", "quotas.mian: no such compartment"),
        ('keys = ["Lid"]', "", "names the key main.Lid, which nobody exports"),
        ("[threads.main]", "[threads.main", "line"),
        ("size = 12", "size = 3", "sealed_objects.box.size: 3 bytes cannot hold"),
        ("heap_size = 16384", 'profile = "fast"\nheap_size = 16384', 'profile: no profile "fast"'),
        ("heap_size = 16384", 'revoker = "broom"\nheap_size = 16384', "revoker: 'broom': one of interrupt, polled"),
    ],
)
def test_a_mistake_names_file_and_key(folder, old, new, message):
    assert SYSTEM.count(old) == 1, old
    path = folder / "system.toml"
    path.write_text(SYSTEM.replace(old, new))
    with pytest.raises(UserError) as raised:
        read_system(path).build()
    assert message in str(raised.value)
    assert str(path) in str(raised.value) or "gone.c" in str(raised.value)


def test_the_example_of_the_documentation_is_one(tmp_path):
    """Every key in it exists; only its sources are made up here."""
    page = (Path(description.__file__).parent / "SYSTEMS.md").read_text()
    example = page.partition("```toml\n")[2].partition("```")[0]
    (tmp_path / "include").mkdir()
    (tmp_path / "system.toml").write_text(example)
    entries = "".join(f'int __cheri_compartment("main") {name}(void) {{ return 0; }}\n' for name in ("run", "init"))
    stop = '__cheriot_interrupts(disabled) __cheriot_minimum_stack(128) int __cheri_compartment("main") stop(int a)'
    main = f"#include <compartment.h>\n{entries}{stop} {{ return a; }}\n"
    (tmp_path / "main.c").write_text(main)
    line = 'int __cheri_compartment("console") write_line(void) { return 0; }'
    (tmp_path / "console.c").write_text(f"#include <compartment.h>\n{line}\n")
    (tmp_path / "tools.c").write_text(SOURCES["tools.c"].replace('#include "tools.h"', SOURCES["tools.h"]))
    (tmp_path / "start.S").write_text("nothing:\n\tcret\n")
    assert read_system(tmp_path / "system.toml").build().places.heap[1] == 16384
