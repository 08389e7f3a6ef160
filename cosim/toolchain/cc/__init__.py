"""The C compiler: pycparser and pcpp in front, a typed SSA form, a CHERIoT back end that writes assembly text."""
