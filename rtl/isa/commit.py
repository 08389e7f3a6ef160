"""The record of one retired instruction or trap: field names, widths and what each means.

The core's commit port, the golden machine and the text log all speak of these fields. One record leaves the
core per instruction that retires or traps and per interrupt taken, in program order. **A field that does not
apply to the record is zero**, so two records are equal exactly when they say the same.

What applies when (source: CHERIoT ISA; names follow RVFI where it has one):

- `clock`: number of the clock cycle, counted from reset, in which the instruction's last memory request was
  accepted or, for all others, in which it left the execute stage. The only field the model does not predict.
- `trap`: the instruction did not retire; `cause` (bit 5 is the interrupt bit of mcause), `mtval` and `mepcc_*`
  (metadata and tag; its address is `pc`) are what the trap wrote. `interrupt`: taken before the instruction at
  `pc`; `insn` is 0 then, as it is for a fetch fault.
- `pc`, `insn` (a halfword when compressed), `next_pc`: where, what, and the pc of the next record.
- `rd`, `rd_*`: destination number and the whole new register, metadata and tag included; zero if nothing is
  written (a trap, no destination, x0). `rs1`, `rs2` and their values: as read; zero if the instruction (or the
  one it expands to) has no such operand, for x0, in hints and in trap records.
- `mem_address`, `mem_rmask`/`mem_wmask` (bit i is the byte at address + i), `mem_rdata`/`mem_wdata` (same
  order, bytes outside the mask zero), `mem_rtag`/`mem_wtag`: raw memory contents, before load attenuation and
  after the store rule for local capabilities. In a store access fault `mem_address` is the effective address
  and `mem_wmask`/`mem_wdata` are the bytes that a split store wrote all the same (DEC-10); in a load access
  fault only `mem_address` is set.
- `csr`: number in every CSR instruction that retires; `csr_write`, and `csr_wdata` as the CSR reads afterwards.
- `scr`: number in every cspecialrw that retires; `scr_write` and `scr_*` as stored, after legalisation.
- `pcc_write` and `pcc_*`: the PCC installed by cjalr, mret or a trap (address `next_pc`); its bounds are zero
  when its tag is.
- `mie`, `mpie`, `mshwm`: state after the record. `mip`: interrupt lines (software, timer, external; bit 0 first)
  as an interrupt record or a read of mip saw them.
"""

WORDS: tuple[tuple[tuple[str, int], ...], ...] = (
    (
        ("clock", 48),
        ("trap", 1),
        ("interrupt", 1),
        ("compressed", 1),
        ("csr_write", 1),
        ("scr_write", 1),
        ("pcc_write", 1),
        ("mie", 1),
        ("mpie", 1),
        ("mip", 3),
    ),
    (("pc", 32), ("insn", 32)),
    (("next_pc", 32), ("mshwm", 32)),
    (("rd_address", 32), ("rd_meta", 32)),
    (
        ("rd", 4),
        ("rs1", 4),
        ("rs2", 4),
        ("rd_tag", 1),
        ("rs1_tag", 1),
        ("rs2_tag", 1),
        ("mem_rtag", 1),
        ("mem_wtag", 1),
        ("scr_tag", 1),
        ("mepcc_tag", 1),
        ("pcc_tag", 1),
        ("mem_rmask", 8),
        ("mem_wmask", 8),
        ("csr", 12),
        ("scr", 5),
        ("cause", 6),
    ),
    (("mem_address", 32), ("mtval", 32)),
    (("mem_rdata", 64),),
    (("mem_wdata", 64),),
    (("csr_wdata", 32), ("mepcc_meta", 32)),
    (("pcc_base", 32), ("pcc_meta", 32)),
    (("pcc_top", 33),),
    (("scr_address", 32), ("scr_meta", 32)),
    (("rs1_address", 32), ("rs1_meta", 32)),
    (("rs2_address", 32), ("rs2_meta", 32)),
)
"""Fields in the order of the record, least significant first, grouped into 64-bit words for transport."""

FIELDS = {name: width for word in WORDS for name, width in word}
CLOCK_BITS = FIELDS["clock"]
PLACES = {
    name: (index, sum(width for _, width in word[:position]), word[position][1])
    for index, word in enumerate(WORDS)
    for position, (name, _) in enumerate(word)
}
"""Field name to (index of its word, lowest bit, width)."""
