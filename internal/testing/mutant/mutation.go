package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strconv"
	"strings"
)

// mutation is one small change to a file.
type mutation struct {
	file     string // path within the module
	function string // around the change, "" outside of functions
	line     int
	text     string // of the line, without the space around it
	what     string // the change, in source text
	src      []byte // of the file, shared
	off, end int    // bytes replaced
	with     string
}

// entry is the mutation as testdata/equivalent lists it. It does not depend on
// the number of the line.
func (m mutation) entry() string {
	in := m.file
	if m.function != "" {
		in += ", " + m.function
	}
	return fmt.Sprintf("in %s\n\t%s\n\t%s\n", in, m.text, m.what)
}

// String gives file, line and what changes there.
func (m mutation) String() string { return fmt.Sprintf("%s:%d: %s", m.file, m.line, m.what) }

// apply returns the text of the file with the change. The file itself may have
// been edited meanwhile.
func (m mutation) apply() []byte {
	return slices.Concat(m.src[:m.off], []byte(m.with), m.src[m.end:])
}

// site is a place with the changes that can be made there, at least one.
type site []mutation

// sites returns the places in a file where a change can be made, in order. Not
// all of the changes compile.
func sites(file string, src []byte) ([]site, error) {
	fset := token.NewFileSet()
	tree, err := parser.ParseFile(fset, file, src, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	s := &scan{file: file, src: src, tokens: fset.File(tree.FileStart), lines: strings.Split(string(src), "\n")}
	for _, decl := range tree.Decls {
		s.function = ""
		if fn, ok := decl.(*ast.FuncDecl); ok {
			s.function = s.name(fn)
		}
		if gen, ok := decl.(*ast.GenDecl); ok && gen.Tok == token.IMPORT {
			continue
		}
		ast.PreorderStack(decl, nil, func(n ast.Node, above []ast.Node) bool {
			s.visit(n, above)
			if len(s.here) > 0 {
				s.found = append(s.found, s.here)
				s.here = nil
			}
			return true
		})
	}
	// The same text twice in a function needs two names.
	times := make(map[string]int)
	for _, place := range s.found {
		for i := range place {
			key := place[i].entry()
			if times[key]++; times[key] > 1 {
				place[i].what += fmt.Sprintf(" (%d)", times[key])
			}
		}
	}
	return s.found, nil
}

// scan goes through a file.
type scan struct {
	file     string
	src      []byte
	tokens   *token.File
	lines    []string
	function string

	here  site // at the present node
	found []site
}

func (s *scan) at(pos token.Pos) int { return s.tokens.Offset(pos) }

func (s *scan) source(n ast.Node) string { return string(s.src[s.at(n.Pos()):s.at(n.End())]) }

// name returns the name of a function with that of its receiver's type.
func (s *scan) name(fn *ast.FuncDecl) string {
	if fn.Recv == nil || len(fn.Recv.List) == 0 {
		return fn.Name.Name
	}
	recv := s.source(fn.Recv.List[0].Type)
	if strings.HasPrefix(recv, "*") {
		recv = "(" + recv + ")"
	}
	return recv + "." + fn.Name.Name
}

// replace adds the change of the bytes from pos to end. The line is that of
// mark.
func (s *scan) replace(pos, end, mark token.Pos, with, what string) {
	line := s.tokens.Line(mark)
	s.here = append(s.here, mutation{
		file:     s.file,
		function: s.function,
		line:     line,
		text:     strings.TrimSpace(s.lines[line-1]),
		what:     what,
		src:      s.src,
		off:      s.at(pos),
		end:      s.at(end),
		with:     with,
	})
}

// swap adds the change of a node into another text.
func (s *scan) swap(n ast.Node, with string) {
	s.replace(n.Pos(), n.End(), n.Pos(), with, fmt.Sprintf("`%s` to `%s`", short(s.source(n)), short(with)))
}

// drop adds the change that leaves a statement out. Lines stay where they are.
func (s *scan) drop(n ast.Stmt) {
	text := s.source(n)
	s.replace(n.Pos(), n.End(), n.Pos(), strings.Repeat("\n", strings.Count(text, "\n")), fmt.Sprintf("drop `%s`", short(text)))
}

// short puts source text on one line of bounded length.
func short(text string) string {
	const most = 70
	runes := []rune(strings.Join(strings.Fields(text), " "))
	if len(runes) <= most {
		return string(runes)
	}
	return string(runes[:most*2/3]) + "…" + string(runes[len(runes)-most/3:])
}

// others are the operators that come in place of each.
var others = map[token.Token][]token.Token{
	token.LSS: {token.LEQ, token.GEQ}, token.LEQ: {token.LSS, token.GTR},
	token.GTR: {token.GEQ, token.LEQ}, token.GEQ: {token.GTR, token.LSS},
	token.EQL: {token.NEQ}, token.NEQ: {token.EQL},
	token.LAND: {token.LOR}, token.LOR: {token.LAND},
	token.ADD: {token.SUB}, token.SUB: {token.ADD},
	token.MUL: {token.QUO}, token.QUO: {token.MUL}, token.REM: {token.MUL},
	token.SHL: {token.SHR}, token.SHR: {token.SHL},
	token.AND: {token.OR}, token.OR: {token.AND}, token.XOR: {token.AND}, token.AND_NOT: {token.AND},

	token.ADD_ASSIGN: {token.SUB_ASSIGN}, token.SUB_ASSIGN: {token.ADD_ASSIGN},
	token.MUL_ASSIGN: {token.QUO_ASSIGN}, token.QUO_ASSIGN: {token.MUL_ASSIGN},
	token.SHL_ASSIGN: {token.SHR_ASSIGN}, token.SHR_ASSIGN: {token.SHL_ASSIGN},
	token.AND_ASSIGN: {token.OR_ASSIGN}, token.OR_ASSIGN: {token.AND_ASSIGN}, token.XOR_ASSIGN: {token.OR_ASSIGN},
	token.INC: {token.DEC}, token.DEC: {token.INC},
	token.BREAK: {token.CONTINUE}, token.CONTINUE: {token.BREAK},
}

// visit adds the changes of node n, which the nodes above are around.
func (s *scan) visit(n ast.Node, above []ast.Node) {
	switch n := n.(type) {
	case *ast.BinaryExpr:
		s.binary(n)
	case *ast.UnaryExpr:
		if n.Op == token.NOT || n.Op == token.SUB {
			s.swap(n, s.source(n.X))
		}
	case *ast.BasicLit:
		s.constant(n)
	case *ast.Ident:
		if parent, ok := above[len(above)-1].(*ast.KeyValueExpr); ok && parent.Key == n {
			return
		}
		switch n.Name {
		case "true":
			s.swap(n, "false")
		case "false":
			s.swap(n, "true")
		}
	case *ast.CallExpr:
		if fn, ok := n.Fun.(*ast.Ident); ok && (fn.Name == "min" || fn.Name == "max") && len(n.Args) > 1 {
			other := map[string]string{"min": "max", "max": "min"}[fn.Name]
			s.swap(n, other+string(s.src[s.at(fn.End()):s.at(n.End())]))
		}
	case *ast.IfStmt:
		cond := s.source(n.Cond)
		s.replace(n.Cond.Pos(), n.Cond.End(), n.Cond.Pos(), "("+cond+") && false", fmt.Sprintf("`if %s` never", short(cond)))
		if _, binary := n.Cond.(*ast.BinaryExpr); !binary && !strings.HasPrefix(cond, "!") {
			s.replace(n.Cond.Pos(), n.Cond.End(), n.Cond.Pos(), "!("+cond+")", fmt.Sprintf("`if %s` to `if !(%[1]s)`", short(cond)))
		}
	case *ast.CaseClause:
		for i, value := range n.List {
			if len(n.List) == 1 {
				break
			}
			from, to := value.Pos(), value.End()
			if i > 0 {
				from = n.List[i-1].End()
			} else {
				to = n.List[1].Pos()
			}
			s.replace(from, to, value.Pos(), "", fmt.Sprintf("drop `case %s`", short(s.source(value))))
		}
	case *ast.ReturnStmt:
		s.returned(n, above)
	case *ast.AssignStmt:
		s.operator(n, n.TokPos, n.Tok)
		if n.Tok != token.DEFINE {
			s.dropListed(n, above)
		}
	case *ast.IncDecStmt:
		s.operator(n, n.TokPos, n.Tok)
		s.dropListed(n, above)
	case *ast.BranchStmt:
		if n.Tok == token.BREAK || n.Tok == token.CONTINUE {
			s.operator(n, n.TokPos, n.Tok)
			s.dropListed(n, above)
		}
	case *ast.ExprStmt, *ast.SendStmt, *ast.DeferStmt, *ast.GoStmt:
		s.dropListed(n.(ast.Stmt), above)
	}
}

// binary adds other operators, and one side without the other.
func (s *scan) binary(n *ast.BinaryExpr) {
	x, y := s.source(n.X), s.source(n.Y)
	from := ending(x) + " " + n.Op.String() + " " + start(y)
	change := func(with, to string) {
		s.replace(n.Pos(), n.End(), n.OpPos, with, fmt.Sprintf("`%s` to `%s`", from, to))
	}
	for _, op := range others[n.Op] {
		to := ending(x) + " " + op.String() + " " + start(y)
		if op.Precedence() == n.Op.Precedence() {
			change(x+" "+op.String()+" "+y, to)
		} else { // the same tree, with another operator
			change("(("+x+") "+op.String()+" ("+y+"))", to)
		}
	}
	if n.Op == token.LAND || n.Op == token.LOR {
		change(x, ending(x))
		change(y, start(y))
	}
}

// start and ending cut a long operand at the side away from its operator.
func start(text string) string {
	runes := []rune(strings.Join(strings.Fields(text), " "))
	if len(runes) > 40 {
		return string(runes[:40]) + "…"
	}
	return string(runes)
}

func ending(text string) string {
	runes := []rune(strings.Join(strings.Fields(text), " "))
	if len(runes) > 40 {
		return "…" + string(runes[len(runes)-40:])
	}
	return string(runes)
}

// constant adds the neighbours of a whole number.
func (s *scan) constant(n *ast.BasicLit) {
	if n.Kind != token.INT {
		return
	}
	value, err := strconv.ParseUint(n.Value, 0, 63)
	if err != nil {
		return // larger constants are bit patterns
	}
	s.swap(n, strconv.FormatUint(value+1, 10))
	if value > 0 {
		s.swap(n, strconv.FormatUint(value-1, 10))
	}
}

// operator adds the other operators of a statement.
func (s *scan) operator(n ast.Stmt, pos token.Pos, op token.Token) {
	text, at := s.source(n), s.at(pos)-s.at(n.Pos())
	for _, other := range others[op] {
		s.swap(n, text[:at]+other.String()+text[at+len(op.String()):])
	}
}

// dropListed adds the change that drops a statement of a block; one in the head
// of another statement cannot go.
func (s *scan) dropListed(n ast.Stmt, above []ast.Node) {
	switch above[len(above)-1].(type) {
	case *ast.BlockStmt, *ast.CaseClause:
		s.drop(n)
	case *ast.CommClause:
		if above[len(above)-1].(*ast.CommClause).Comm != n {
			s.drop(n)
		}
	}
}

// returned adds what changes a return: it returns no error, or the opposite, or
// does not return.
func (s *scan) returned(n *ast.ReturnStmt, above []ast.Node) {
	s.dropListed(n, above)
	results := enclosing(above).Results
	if results == nil || len(n.Results) == 0 {
		return
	}
	last := n.Results[len(n.Results)-1]
	typ, ok := results.List[len(results.List)-1].Type.(*ast.Ident)
	if !ok {
		return
	}
	text := s.source(last)
	switch {
	case typ.Name == "error" && text != "nil":
		s.replace(last.Pos(), last.End(), last.Pos(), "nil", fmt.Sprintf("return nil for `%s`", short(text)))
	case typ.Name == "bool" && text != "true" && text != "false":
		s.replace(last.Pos(), last.End(), last.Pos(), "!("+text+")", fmt.Sprintf("`%s` to `!(%[1]s)`", short(text)))
	}
}

// enclosing returns the type of the innermost function.
func enclosing(above []ast.Node) *ast.FuncType {
	for _, n := range slices.Backward(above) {
		switch n := n.(type) {
		case *ast.FuncDecl:
			return n.Type
		case *ast.FuncLit:
			return n.Type
		}
	}
	return &ast.FuncType{}
}
