package fuzz

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"strconv"
	"strings"
)

// version is the first line of each file of a corpus, as Go writes it.
const version = "go test fuzz v1"

// Entry returns a file below testdata/fuzz for a target with arguments of these
// types: byte slices, strings, bools, and integers.
func Entry(args ...any) []byte {
	var b strings.Builder
	b.WriteString(version + "\n")
	for _, arg := range args {
		switch arg := arg.(type) {
		case []byte:
			fmt.Fprintf(&b, "[]byte(%q)\n", arg)
		case string:
			fmt.Fprintf(&b, "string(%q)\n", arg)
		case uint8:
			fmt.Fprintf(&b, "byte(%q)\n", rune(arg))
		default:
			fmt.Fprintf(&b, "%T(%v)\n", arg, arg)
		}
	}
	return []byte(b.String())
}

// ErrEntry means that a file is not one of a corpus.
var ErrEntry = errors.New("fuzz: not a file of a corpus")

// Values returns the byte slices and strings among the arguments in a file, in
// order; other arguments are nil.
func Values(file []byte) ([][]byte, error) {
	lines := strings.Split(strings.TrimSpace(string(file)), "\n")
	if lines[0] != version {
		return nil, fmt.Errorf("%w: it begins with %.20q", ErrEntry, lines[0])
	}
	var values [][]byte
	for _, line := range lines[1:] {
		expr, err := parser.ParseExpr(line)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrEntry, err)
		}
		call, ok := expr.(*ast.CallExpr)
		if !ok || len(call.Args) != 1 {
			return nil, fmt.Errorf("%w: %.40q", ErrEntry, line)
		}
		var value []byte
		if text, ok := call.Args[0].(*ast.BasicLit); ok && text.Kind == token.STRING {
			s, err := strconv.Unquote(text.Value)
			if err != nil {
				return nil, fmt.Errorf("%w: %.40q", ErrEntry, line)
			}
			value = []byte(s)
		}
		values = append(values, value)
	}
	return values, nil
}
