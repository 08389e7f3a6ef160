"""Statements: from pycparser's nodes to the typed tree (C11 6.8)."""

from pycparser import c_ast

from cosim.toolchain.cc import fold, tree
from cosim.toolchain.cc.diagnostics import CompileError
from cosim.toolchain.cc.lexer import ASM_CALL, ASM_SECTION
from cosim.toolchain.cc.literals import string
from cosim.toolchain.cc.parse import place_of
from cosim.toolchain.cc.tree import Stmt


class Statements:
    """The part of the analyser for statements."""

    def statement(self, node) -> Stmt:
        handler = _HANDLERS.get(type(node))
        if handler is not None:
            return handler(self, node)
        if isinstance(node, c_ast.FuncCall) and isinstance(node.name, c_ast.ID) and node.name.name == ASM_CALL:
            return self._asm(node)
        return tree.Eval(place_of(node), self.value(node))

    def _block(self, node: c_ast.Compound) -> Stmt:
        self.scopes.push()
        body = [self.statement(item) for item in node.block_items or ()]
        self.scopes.pop()
        return tree.Block(place_of(node), body)

    def _declaration(self, node: c_ast.Decl) -> Stmt:
        return tree.Block(place_of(node), self.local_declaration(node))

    def _declarations(self, node: c_ast.DeclList) -> Stmt:
        body = [item for decl in node.decls for item in self.local_declaration(decl)]
        return tree.Block(place_of(node), body)

    def _typedef(self, node: c_ast.Typedef) -> Stmt:
        self.typedef(node)
        return tree.Block(place_of(node), [])

    def _nothing(self, node) -> Stmt:
        return tree.Block(place_of(node), [])

    def _static_assert(self, node: c_ast.StaticAssert) -> Stmt:
        self.static_assert(node)
        return self._nothing(node)

    def _pragma(self, node: c_ast.Pragma) -> Stmt:
        self.pragma(node)
        return self._nothing(node)

    def _attributed(self, node: c_ast.AttributedStatement) -> Stmt:
        return self.statement(node.stmt)

    def _if(self, node: c_ast.If) -> Stmt:
        cond = self.condition(node.cond)
        yes = self._scoped(node.iftrue)
        no = self._scoped(node.iffalse) if node.iffalse is not None else None
        return tree.If(place_of(node), cond, yes, no)

    def _scoped(self, node) -> Stmt:
        self.scopes.push()
        result = self.statement(node)
        self.scopes.pop()
        return result

    def _loop_body(self, node) -> Stmt:
        outer, self.breakable, self.continuable = (self.breakable, self.continuable), True, True
        body = self._scoped(node)
        self.breakable, self.continuable = outer
        return body

    def _while(self, node: c_ast.While) -> Stmt:
        return tree.Loop(place_of(node), self.condition(node.cond), self._loop_body(node.stmt), None, True)

    def _do(self, node: c_ast.DoWhile) -> Stmt:
        body = self._loop_body(node.stmt)
        return tree.Loop(place_of(node), self.condition(node.cond), body, None, False)

    def _for(self, node: c_ast.For) -> Stmt:
        place = place_of(node)
        self.scopes.push()
        first = [self.statement(node.init)] if node.init is not None else []
        cond = self.condition(node.cond) if node.cond is not None else None
        body = self._loop_body(node.stmt)
        step = self.value(node.next) if node.next is not None else None
        self.scopes.pop()
        return tree.Block(place, [*first, tree.Loop(place, cond, body, step, True)])

    def _switch(self, node: c_ast.Switch) -> Stmt:
        place = place_of(node)
        value = self.value(node.cond)
        if not value.type.is_integer:
            raise CompileError(place, f"switch needs an integer, this is '{value.type}'")
        value = self.promoted(value)
        outer = (self.breakable, self.switch)
        switch = tree.Switch(place, value, tree.Block(place, []), [], None)
        self.breakable, self.switch = True, switch
        switch.body = self._scoped(node.stmt)
        self.breakable, self.switch = outer
        return switch

    def _case(self, node: c_ast.Case) -> Stmt:
        place = place_of(node)
        if self.switch is None:
            raise CompileError(place, "case outside a switch")
        ctype = self.switch.value.type
        wanted = ctype.wrap(fold.integer_constant(self.value(node.expr), "a case label"))
        for other in self.switch.cases:
            if other.value == wanted:
                raise CompileError(place, f"case {wanted} appears twice in this switch")
        case = tree.Case(place, wanted)
        self.switch.cases.append(case)
        return tree.Block(place, [case, *(self.statement(item) for item in node.stmts or ())])

    def _default(self, node: c_ast.Default) -> Stmt:
        place = place_of(node)
        if self.switch is None:
            raise CompileError(place, "default outside a switch")
        if self.switch.default is not None:
            raise CompileError(place, "a second default in this switch")
        default = self.switch.default = tree.Default(place)
        return tree.Block(place, [default, *(self.statement(item) for item in node.stmts or ())])

    def _break(self, node: c_ast.Break) -> Stmt:
        if not self.breakable:
            raise CompileError(place_of(node), "break outside a loop or switch")
        return tree.Break(place_of(node))

    def _continue(self, node: c_ast.Continue) -> Stmt:
        if not self.continuable:
            raise CompileError(place_of(node), "continue outside a loop")
        return tree.Continue(place_of(node))

    def _return(self, node: c_ast.Return) -> Stmt:
        place, ret = place_of(node), self.function_type.ret
        if node.expr is None:
            if not ret.is_void:
                raise CompileError(place, f"return without a value in a function returning '{ret}'")
            return tree.Return(place, None)
        value = self.value(node.expr)
        if ret.is_void:
            if not value.type.is_void:
                raise CompileError(place, "return with a value in a function returning void")
            return tree.Block(place, [tree.Eval(place, value), tree.Return(place, None)])
        return tree.Return(place, self.convert(value, ret, "return"))

    def _label(self, node: c_ast.Label) -> Stmt:
        place = place_of(node)
        if node.name in self.labels:
            raise CompileError(place, f"label '{node.name}' is defined twice")
        self.labels[node.name] = place
        return tree.Block(place, [tree.Label(place, node.name), self.statement(node.stmt)])

    def _goto(self, node: c_ast.Goto) -> Stmt:
        place = place_of(node)
        if not isinstance(node.name, str):
            raise CompileError(place, "computed goto is outside the subset", "a switch")
        self.gotos.append((node.name, place))
        return tree.Goto(place, node.name)

    def _asm(self, node: c_ast.FuncCall) -> Stmt:
        place = place_of(node)
        sections: list[list] = [[]]
        for arg in node.args.exprs:
            if isinstance(arg, c_ast.ID) and arg.name == ASM_SECTION:
                sections.append([])
            else:
                sections[-1].append(arg)
        if len(sections) > 4:
            raise CompileError(place, "asm goto is outside the subset")
        sections += [[] for _ in range(4 - len(sections))]
        text = self._asm_string(sections[0][0])
        outputs = self._asm_operands(sections[1], outputs=True)
        inputs = self._asm_operands(sections[2], outputs=False)
        clobbers = [self._asm_string(item) for item in sections[3]]
        return tree.Asm(place, text, outputs, inputs, clobbers)

    @staticmethod
    def _asm_string(node) -> str:
        if not (isinstance(node, c_ast.Constant) and node.value.endswith('"')):
            raise CompileError(place_of(node), "asm needs a string here")
        return string(place_of(node), node.value)[0][:-1].decode()

    def _asm_operands(self, nodes: list, outputs: bool) -> list:
        operands, at = [], 0
        while at < len(nodes):
            text, name = self._asm_string(nodes[at]), None
            if text.startswith("["):
                name, at = text[1:-1], at + 1
                text = self._asm_string(nodes[at])
            if at + 1 >= len(nodes):
                raise CompileError(place_of(nodes[at]), "asm operand without an expression")
            expr = self.expression(nodes[at + 1]) if outputs else self.value(nodes[at + 1])
            if outputs:
                self._modifiable(expr.place, expr)
            allowed = ("=r", "=&r", "=C", "=&C", "+r", "+C", "+&r", "+&C") if outputs else ("r", "C", "i")
            matching = not outputs and text.isdigit()
            if text not in allowed and not matching:
                raise CompileError(
                    place_of(nodes[at]), f'asm constraint "{text}" is outside the subset', "one of " + " ".join(allowed)
                )
            if not expr.type.is_scalar or (expr.type.size > 4 and not expr.type.is_cap):
                raise CompileError(
                    expr.place, f"an asm operand cannot be '{expr.type}'", "a 32-bit integer or a pointer"
                )
            operands.append((name, text, expr))
            at += 2
        return operands


_HANDLERS = {
    c_ast.Compound: Statements._block,
    c_ast.Decl: Statements._declaration,
    c_ast.DeclList: Statements._declarations,
    c_ast.Typedef: Statements._typedef,
    c_ast.EmptyStatement: Statements._nothing,
    c_ast.AttributeDeclaration: Statements._nothing,
    c_ast.AttributedStatement: Statements._attributed,
    c_ast.StaticAssert: Statements._static_assert,
    c_ast.Pragma: Statements._pragma,
    c_ast.If: Statements._if,
    c_ast.While: Statements._while,
    c_ast.DoWhile: Statements._do,
    c_ast.For: Statements._for,
    c_ast.Switch: Statements._switch,
    c_ast.Case: Statements._case,
    c_ast.Default: Statements._default,
    c_ast.Break: Statements._break,
    c_ast.Continue: Statements._continue,
    c_ast.Return: Statements._return,
    c_ast.Label: Statements._label,
    c_ast.Goto: Statements._goto,
}
