"""Assembler, linker, ELF files and listings; C compiler. Reads the instruction table."""
