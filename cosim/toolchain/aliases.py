"""Mnemonics that stand for instructions of the table. Source: CHERIoT LLVM; RISC-V assembly manual."""

RENAMED = {
    "jal": "cjal",
    "jalr": "cjalr",
    "j": "cj",
    "jr": "cjr",
    "ret": "cret",
    "call": "ccall",
    "tail": "ctail",
    "auipc": "auipcc",
    "lc": "clc",
    "sc": "csc",
    **{f"c{name}": name for name in ("lb", "lh", "lw", "lbu", "lhu", "sb", "sh", "sw")},
    "cincoffset": "cincaddr",
    "cincoffsetimm": "cincaddrimm",
    "cseqx": "csetequalexact",
    "croundrepresentablelength": "crrl",
    "crepresentablealignmentmask": "cram",
}

ALIASES: dict[str, dict[int, str]] = {
    "nop": {0: "addi zero, zero, 0"},
    "mv": {2: "add {0}, zero, {1}"},
    "not": {2: "xori {0}, {1}, -1"},
    "neg": {2: "sub {0}, zero, {1}"},
    "zext.b": {2: "andi {0}, {1}, 255"},
    "seqz": {2: "sltiu {0}, {1}, 1"},
    "snez": {2: "sltu {0}, zero, {1}"},
    "sltz": {2: "slt {0}, {1}, zero"},
    "sgtz": {2: "slt {0}, zero, {1}"},
    "beqz": {2: "beq {0}, zero, {1}"},
    "bnez": {2: "bne {0}, zero, {1}"},
    "blez": {2: "bge zero, {0}, {1}"},
    "bgez": {2: "bge {0}, zero, {1}"},
    "bltz": {2: "blt {0}, zero, {1}"},
    "bgtz": {2: "blt zero, {0}, {1}"},
    "bgt": {3: "blt {1}, {0}, {2}"},
    "ble": {3: "bge {1}, {0}, {2}"},
    "bgtu": {3: "bltu {1}, {0}, {2}"},
    "bleu": {3: "bgeu {1}, {0}, {2}"},
    "cj": {1: "cjal cnull, {0}"},
    "cjal": {1: "cjal cra, {0}"},
    "cjr": {1: "cjalr cnull, {0}"},
    "cjalr": {1: "cjalr cra, {0}", 3: "cjalr {0}, {2}({1})"},
    "cret": {0: "cjalr cnull, 0(cra)"},
    "ccall": {1: "cjal cra, {0}"},
    "ctail": {1: "cjal cnull, {0}"},
    "cspecialr": {2: "cspecialrw {0}, {1}, cnull"},
    "cspecialw": {2: "cspecialrw cnull, {0}, {1}"},
    "csrr": {2: "csrrs {0}, {1}, zero"},
    "csrw": {2: "csrrw zero, {0}, {1}"},
    "csrs": {2: "csrrs zero, {0}, {1}"},
    "csrc": {2: "csrrc zero, {0}, {1}"},
    "csrwi": {2: "csrrwi zero, {0}, {1}"},
    "csrsi": {2: "csrrsi zero, {0}, {1}"},
    "csrci": {2: "csrrci zero, {0}, {1}"},
    "unimp": {0: "csrrw zero, 0xc00, zero"},
    "fence": {0: "fence iorw, iorw"},
}
"""Mnemonic and number of operands to the instruction that it is."""

IMMEDIATE_FORMS = {
    "add": "addi",
    "and": "andi",
    "or": "ori",
    "xor": "xori",
    "slt": "slti",
    "sltu": "sltiu",
    "sll": "slli",
    "srl": "srli",
    "sra": "srai",
    "csrrw": "csrrwi",
    "csrrs": "csrrsi",
    "csrrc": "csrrci",
    "cincaddr": "cincaddrimm",
    "csetbounds": "csetboundsimm",
}
"""What is meant when the last operand is no register."""

COMPRESSED: dict[str, dict[int, str]] = {
    "c.cincaddr4cspn": {3: "cincaddrimm {0}, {1}, {2}"},
    "c.cincaddr16csp": {2: "cincaddrimm {0}, {0}, {1}"},
    **{f"c.{name}": {2: f"{name} {{0}}, {{1}}"} for name in ("lw", "sw", "clc", "csc", "lui")},
    "c.lwsp": {2: "lw {0}, {1}"},
    "c.swsp": {2: "sw {0}, {1}"},
    "c.clcsp": {2: "clc {0}, {1}"},
    "c.cscsp": {2: "csc {0}, {1}"},
    **{
        f"c.{name}": {2: f"{name} {{0}}, {{0}}, {{1}}"}
        for name in ("addi", "andi", "slli", "srli", "srai", "add", "sub", "xor", "or", "and")
    },
    "c.li": {2: "addi {0}, zero, {1}"},
    "c.mv": {2: "add {0}, zero, {1}"},
    "c.j": {1: "cjal cnull, {0}"},
    **{name: {1: "cjal cra, {0}"} for name in ("c.jal", "c.cjal")},
    "c.beqz": {2: "beq {0}, zero, {1}"},
    "c.bnez": {2: "bne {0}, zero, {1}"},
    **{name: {1: "cjalr cnull, {0}"} for name in ("c.jr", "c.cjr")},
    **{name: {1: "cjalr cra, {0}"} for name in ("c.jalr", "c.cjalr")},
    "c.ebreak": {0: "ebreak"},
}
"""Explicitly compressed mnemonics: an error if the operands do not fit."""
HALVES = {"c.nop": 0x0001, "c.unimp": 0x0000}
"""Mnemonics of halfwords that are no instruction's compressed form."""
