"""One instruction line to bytes, fixups or a choice of forms."""

from cosim.toolchain.aliases import ALIASES, COMPRESSED, HALVES, IMMEDIATE_FORMS, RENAMED
from cosim.toolchain.builder import Builder
from cosim.toolchain.compress import compress
from cosim.toolchain.expression import Expr, is_literal
from cosim.toolchain.objectfile import DISTANCE, HIGH, LOW, Choice, Fixup, Part
from cosim.toolchain.operands import Open, Operand, is_register, parse_operands, register
from cosim.toolchain.relocation import split_address
from cosim.toolchain.source import AsmError, Place, split_operands
from cosim.toolchain.suggest import did_you_mean
from rtl.isa.disassembler import FENCE_TSO, TARGETS
from rtl.isa.registers import INTEGER_NAMES
from rtl.isa.table import BY_NAME, Insn, encode

GLOBALS_POINTER = INTEGER_NAMES.index("gp")
JUMP_BYTES = 4
INVERSE = {"beq": "bne", "bne": "beq", "blt": "bge", "bge": "blt", "bltu": "bgeu", "bgeu": "bltu"}


def emit_instruction(builder: Builder, mnemonic: str, rest: str, place: Place) -> None:
    """Assemble one line at the builder's current place."""
    name = mnemonic.lower().removeprefix("ct.")
    name = RENAMED.get(name, name)
    operands = split_operands(rest)
    if name in SPECIAL:
        SPECIAL[name](builder, operands, place)
        return
    forced = False
    if name in COMPRESSED:
        forced = True
        name, operands = _unfold(mnemonic, COMPRESSED[name], operands, place)
    elif len(operands) in ALIASES.get(name, {}):
        name, operands = _unfold(mnemonic, ALIASES[name], operands, place)
    if name in IMMEDIATE_FORMS and len(operands) == 3 and not is_register(operands[2]):
        name = IMMEDIATE_FORMS[name]
    row = BY_NAME.get(name)
    if row is None:
        if name in ALIASES:
            counts = " or ".join(str(count) for count in ALIASES[name])
            raise AsmError(place, f"{mnemonic} takes {counts} operands; here are {len(operands)}")
        known = (*BY_NAME, *ALIASES, *RENAMED, *COMPRESSED, *HALVES, *SPECIAL)
        raise AsmError(place, f'unknown mnemonic "{mnemonic}"{did_you_mean(name, known)}')
    if name == "cjalr" and len(operands) == 2 and is_register(operands[1]):
        operands = [operands[0], f"0({operands[1]})"]
    values = parse_operands(builder, row, operands, place)
    _emit_row(builder, row, values, place, forced=forced, fold=builder.compress or forced)


def _unfold(mnemonic: str, forms: dict[int, str], operands: list[str], place: Place) -> tuple[str, list[str]]:
    if len(operands) not in forms:
        counts = " or ".join(str(count) for count in forms)
        raise AsmError(place, f"{mnemonic} takes {counts} operands; here are {len(operands)}")
    name, _, rest = forms[len(operands)].partition(" ")
    return name, split_operands(rest.format(*operands))


def _emit_row(builder: Builder, row: Insn, values: list[Operand], place: Place, *, forced: bool, fold: bool) -> None:
    open_at = next((index for index, value in enumerate(values) if isinstance(value, Open)), None)
    if open_at is None:
        emit_word(builder, encode(row, *values), place, fold=fold, forced=forced)
        return
    operand, waiting = row.operands[open_at], values[open_at]
    if operand in TARGETS:
        values[open_at] = DISTANCE
        forms = _reaching_forms(row, tuple(values), fold)
        if forced:
            forms = forms[:1]
        builder.append(Choice(forms, waiting.expr, place))
        return
    if forced:
        raise AsmError(place, "an operand of a compressed instruction must be known here")
    values[open_at] = 0
    fixup = Fixup(0, 4, waiting.expr, place, operand, waiting.modifier)
    builder.emit(encode(row, *values).to_bytes(4, "little"), place, is_code=True, fixups=(fixup,))


def emit_word(builder: Builder, word: int, place: Place, *, fold: bool, forced: bool = False) -> None:
    """Add an instruction, as a halfword if it may be and can be one."""
    half = compress(word) if fold else None
    if half is not None:
        builder.emit(half.to_bytes(2, "little"), place, is_code=True)
    elif forced:
        raise AsmError(place, "these operands have no compressed form")
    else:
        builder.emit(word.to_bytes(4, "little"), place, is_code=True)


def _reaching_forms(row: Insn, values: tuple, fold: bool) -> tuple[tuple[Part, ...], ...]:
    """Forms of a branch or jump: compressed, plain, and for branches the inverse over a jump."""
    forms = []
    if fold and compress(encode(row, *(0 if value is DISTANCE else value for value in values))) is not None:
        forms.append((Part(2, row, values),))
    forms.append((Part(4, row, values),))
    if row.name in INVERSE:
        size = forms[0][0].size  # the inverse is as short as the branch can be
        over = Part(size, BY_NAME[INVERSE[row.name]], (*values[:-1], size + JUMP_BYTES))
        forms.append((over, Part(JUMP_BYTES, BY_NAME["cjal"], (0, DISTANCE))))
    return tuple(forms)


# Instructions that are not one row of the table


def _count(operands: list[str], wanted: int, usage: str, place: Place) -> None:
    if len(operands) != wanted:
        raise AsmError(place, f'write it as "{usage}"; here are {len(operands)} operands')


def _li(builder: Builder, operands: list[str], place: Place) -> None:
    _count(operands, 2, "li rd, number", place)
    rd = register(operands[0], place)
    expr = builder.parse(operands[1], place)
    value = builder.known(expr, place)
    lui, addi = BY_NAME["lui"], BY_NAME["addi"]
    if value is None:
        for row, values, modifier in ((lui, (rd, 0), "%hi"), (addi, (rd, rd, 0), "%lo")):
            fixup = Fixup(0, 4, expr, place, row.operands[-1], modifier)
            builder.emit(encode(row, *values).to_bytes(4, "little"), place, is_code=True, fixups=(fixup,))
        return
    if not -(1 << 31) <= value < 1 << 32:
        raise AsmError(place, f"{value} does not fit into 32 bits")
    high, low = split_address(value)
    if high:
        emit_word(builder, encode(lui, rd, high), place, fold=builder.compress)
    if low or not high:
        emit_word(builder, encode(addi, rd, rd if high else 0, low), place, fold=builder.compress)


def _symbol_operand(builder: Builder, operands: list[str], usage: str, place: Place) -> tuple[int, Expr]:
    _count(operands, 2, usage, place)
    expr = builder.parse(operands[1], place)
    if is_literal(expr):
        raise AsmError(place, f'"{operands[1]}" is a number; a symbol is needed')
    return register(operands[0], place), expr


def _cllc(builder: Builder, operands: list[str], place: Place) -> None:
    """PCC-relative address: auipcc, cincaddrimm."""
    cd, expr = _symbol_operand(builder, operands, "cllc cd, symbol", place)
    here = builder.parse(".", place)
    for row, values, modifier, target in (
        (BY_NAME["auipcc"], (cd, 0), "%cheriot_compartment_hi", expr),
        (BY_NAME["cincaddrimm"], (cd, cd, 0), "%cheriot_compartment_lo_i", here),
    ):
        fixup = Fixup(0, 4, target, place, row.operands[-1], modifier)
        builder.emit(encode(row, *values).to_bytes(4, "little"), place, is_code=True, fixups=(fixup,))


def _clgc(builder: Builder, operands: list[str], place: Place) -> None:
    """Address relative to the globals pointer: cincaddrimm, or auicgp before it if the distance asks for it."""
    cd, expr = _symbol_operand(builder, operands, "clgc cd, symbol", place)
    increment = BY_NAME["cincaddrimm"]
    near = (Part(4, increment, (cd, GLOBALS_POINTER, DISTANCE)),)
    far = (Part(4, BY_NAME["auicgp"], (cd, HIGH)), Part(4, increment, (cd, cd, LOW)))
    builder.append(Choice((near, far), expr, place, from_globals_pointer=True))


def _fixed(bits: int, size: int):
    def emit(builder: Builder, operands: list[str], place: Place) -> None:
        if operands:
            raise AsmError(place, "this instruction takes no operands")
        builder.emit(bits.to_bytes(size, "little"), place, is_code=True)

    return emit


SPECIAL = {
    "li": _li,
    "cllc": _cllc,
    "clgc": _clgc,
    "fence.tso": _fixed(FENCE_TSO, 4),
    **{name: _fixed(half, 2) for name, half in HALVES.items()},
}
