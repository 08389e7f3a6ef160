"""Tokens for pycparser, with the GNU spellings it does not parse rewritten to ones it does."""

from pycparser.c_lexer import CLexer, Token

SPELLINGS = {
    "__restrict": ("RESTRICT", "restrict"),
    "__restrict__": ("RESTRICT", "restrict"),
    "__inline": ("INLINE", "inline"),
    "__inline__": ("INLINE", "inline"),
    "__const": ("CONST", "const"),
    "__const__": ("CONST", "const"),
    "__volatile": ("VOLATILE", "volatile"),
    "__volatile__": ("VOLATILE", "volatile"),
    "__signed__": ("SIGNED", "signed"),
    "__alignof__": ("_ALIGNOF", "_Alignof"),
    "__alignof": ("_ALIGNOF", "_Alignof"),
    "__typeof__": ("TYPEOF", "typeof"),
    "__typeof": ("TYPEOF", "typeof"),
    "typeof": ("TYPEOF", "typeof"),
    "__builtin_offsetof": ("OFFSETOF", "offsetof"),
}
DROPPED = ("__extension__",)
ASM = ("asm", "__asm__", "__asm")
ASM_CALL, ASM_SECTION = "__builtin_asm", "__builtin_asm_section"
SPECIFIERS = {"STATIC", "EXTERN", "INLINE", "REGISTER", "TYPEDEF", "CONST", "VOLATILE", "_NORETURN", "AUTO"}


class Lexer(CLexer):
    """Feeds the parser from a list, so that a later token can move an earlier one.

    `__attribute__((x))` becomes `[[gnu::x]]`; attributes go in front of the specifiers they stand among;
    `asm (...)` becomes a call of `__builtin_asm` with its sections marked.
    """

    def __init__(self, error_func, *, dialect):
        super().__init__(error_func, dialect="legacy")

    def input(self, text: str, filename: str = "") -> None:
        super().input(text, filename)
        self._raw: list[Token] = []
        self.last = Token("", "", 1, 0, filename)  # the latest one handed out, where errors name no place
        while (token := super().token()) is not None:
            self._raw.append(token)
        self._ready = iter(self._rewrite())

    def token(self) -> Token | None:
        token = next(self._ready, None)
        if token is not None:
            self.last = token
        return token

    def _rewrite(self) -> list[Token]:
        out: list[Token] = []
        raw, at = self._raw, 0
        while at < len(raw):
            token = raw[at]
            if token.type == "ID" and token.value[0] in "_at":
                if token.value in SPELLINGS:
                    token.type, token.value = SPELLINGS[token.value]
                elif token.value in DROPPED:
                    at += 1
                    continue
                elif token.value in ("__attribute__", "__attribute"):
                    at = self._attribute(out, at)
                    continue
                elif token.value in ASM:
                    at = self._asm(out, at)
                    continue
            elif token.type == "ATTRIBUTE_BEGIN":
                end = next(i for i in range(at, len(raw)) if raw[i].type == "ATTRIBUTE_END" or i == len(raw) - 1)
                self._put_in_front(out, raw[at : end + 1])
                at = end + 1
                continue
            out.append(token)
            at += 1
        return out

    @staticmethod
    def _put_in_front(out: list[Token], group: list[Token]) -> None:
        """Add an attribute where pycparser takes it: in front of the specifiers among which it stands."""
        place = len(out)
        while place and out[place - 1].type in SPECIFIERS:
            place -= 1
        out[place:place] = group

    def _closing(self, at: int) -> int:
        """Index of the parenthesis that closes the one at `at`."""
        depth = 0
        for index in range(at, len(self._raw)):
            kind = self._raw[index].type
            depth += (kind == "LPAREN") - (kind == "RPAREN")
            if depth == 0:
                return index
        token = self._raw[at - 1]
        self.error_func(f"'{token.value}' is not closed", token.lineno, token.column)
        raise AssertionError("error_func returns never")

    def _open(self, at: int) -> None:
        token = self._raw[at - 1]
        if at >= len(self._raw) or self._raw[at].type != "LPAREN":
            self.error_func(f"'(' expected after '{token.value}'", token.lineno, token.column)

    def _attribute(self, out: list[Token], at: int) -> int:
        first = self._raw[at]
        self._open(at + 1)
        self._open(at + 2)
        end = self._closing(at + 1)
        inner = self._raw[at + 3 : self._closing(at + 2)]

        def make(kind: str, value: str) -> Token:
            return Token(kind, value, first.lineno, first.column, first.filename)

        group, index = [make("ATTRIBUTE_BEGIN", "[[")], 0
        while index < len(inner):
            token = inner[index]
            if token.type == "COMMA":
                group.append(make("COMMA", ","))
                index += 1
                continue
            group += [make("ID", "gnu"), make("COLONCOLON", "::"), make("ID", token.value)]
            index += 1
            if index < len(inner) and inner[index].type == "LPAREN":
                depth, start = 0, index
                while True:
                    depth += (inner[index].type == "LPAREN") - (inner[index].type == "RPAREN")
                    index += 1
                    if depth == 0:
                        break
                text = " ".join(part.value for part in inner[start + 1 : index - 1])
                group.append(make("ATTRIBUTE_ARGUMENTS", text))
        group.append(make("ATTRIBUTE_END", "]]"))
        self._put_in_front(out, group)
        return end + 1

    def _asm(self, out: list[Token], at: int) -> int:
        token = self._raw[at]
        start = at + 1
        while self._raw[start].type in ("VOLATILE", "GOTO") or self._raw[start].value in (
            "__volatile__",
            "__volatile",
        ):
            start += 1
        self._open(start)
        end = self._closing(start)
        token.type, token.value = "ID", ASM_CALL
        out += [token, self._raw[start]]
        depth = 0

        def make(kind: str, value: str, like: Token) -> Token:
            return Token(kind, value, like.lineno, like.column, like.filename)

        for index in range(start + 1, end):
            part = self._raw[index]
            if depth == 0 and part.type in ("COLON", "COLONCOLON"):
                for _ in range(len(part.value)):
                    out += [make("COMMA", ",", part), make("ID", ASM_SECTION, part)]
                if self._raw[index + 1].type not in ("COLON", "COLONCOLON", "RPAREN"):
                    out.append(make("COMMA", ",", part))
                continue
            if depth == 0 and part.type == "LBRACKET":
                name = self._raw[index + 1].value
                out += [make("STRING_LITERAL", f'"[{name}]"', part), make("COMMA", ",", part)]
                depth += 1
                continue
            if part.type == "RBRACKET" and depth == 1 and self._raw[index - 2].type == "LBRACKET":
                depth -= 1
                continue
            if depth == 1 and self._raw[index - 1].type == "LBRACKET" and self._raw[index + 1].type == "RBRACKET":
                continue
            if depth == 0 and part.type == "LPAREN" and self._raw[index - 1].type == "STRING_LITERAL":
                out.append(make("COMMA", ",", part))
            depth += (part.type in ("LPAREN", "LBRACKET")) - (part.type in ("RPAREN", "RBRACKET"))
            out.append(part)
        out.append(self._raw[end])
        return end + 1
