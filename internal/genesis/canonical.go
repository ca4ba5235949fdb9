package genesis

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Value is a value of canonical JSON, the form of Byron's genesis: bytes
// instead of text, whole numbers of at most 15 digits, and no escapes but of a
// quotation mark and a backslash. (canonical-json 0.6, Text/JSON/Canonical)
type Value struct {
	kind  kind
	word  string // the text of a string, or null, true, false or a number as it is
	items []Value
	keys  []string // of items, in an object
}

type kind uint8

const (
	word kind = iota
	text
	array
	object
)

// ParseCanonical reads canonical JSON in any layout. What follows the value is
// not looked at, as a node does not look at it.
func ParseCanonical(b []byte) (Value, error) {
	p := parser{rest: string(b)}
	p.space()
	v := p.value(0)
	return v, p.err
}

// maxDepth bounds the nesting of values, as encoding/json does.
const maxDepth = 10000

// parser reads from the front of rest, up to the first error.
type parser struct {
	rest string
	err  error
}

func (p *parser) fail(reason string) {
	if p.err == nil {
		p.err = fmt.Errorf("is not canonical JSON at %.20q: %s", p.rest, reason)
	}
	p.rest = ""
}

// take skips s and the space after it, if s is next.
func (p *parser) take(s string) bool {
	rest, ok := strings.CutPrefix(p.rest, s)
	if ok {
		p.rest = rest
		p.space()
	}
	return ok
}

// space skips what Haskell's isSpace is true of among the first 256 characters.
func (p *parser) space() {
	for p.rest != "" && strings.IndexByte(" \t\n\v\f\r\xa0", p.rest[0]) >= 0 {
		p.rest = p.rest[1:]
	}
}

func (p *parser) value(depth int) Value {
	if depth > maxDepth {
		p.fail("nested too deep")
		return Value{}
	}
	for _, w := range []string{"null", "true", "false"} {
		if p.take(w) {
			return Value{word: w}
		}
	}
	switch {
	case p.take("["):
		v := Value{kind: array}
		p.list("]", func() { v.items = append(v.items, p.value(depth+1)) })
		return v
	case p.take("{"):
		v := Value{kind: object}
		p.list("}", func() {
			key := p.text()
			if !p.take(":") {
				p.fail("want a colon")
			}
			v.keys = append(v.keys, key)
			v.items = append(v.items, p.value(depth+1))
		})
		return v
	case strings.HasPrefix(p.rest, `"`):
		return Value{kind: text, word: p.text()}
	}
	return Value{word: p.number()}
}

// list reads items with commas between them.
func (p *parser) list(end string, item func()) {
	if p.take(end) {
		return
	}
	for p.err == nil {
		item()
		if p.take(end) {
			return
		}
		if !p.take(",") {
			p.fail("want a comma or " + end)
		}
	}
}

func (p *parser) text() string {
	if !strings.HasPrefix(p.rest, `"`) {
		p.fail("want a string")
		return ""
	}
	var s []byte
	for i := 1; i < len(p.rest); i++ {
		switch c := p.rest[i]; c {
		case '"':
			p.rest = p.rest[i+1:]
			p.space()
			return string(s)
		case '\\':
			if i++; i == len(p.rest) || p.rest[i] != '"' && p.rest[i] != '\\' {
				p.fail(`a string with an escape that is not \" or \\`)
				return ""
			}
			s = append(s, p.rest[i])
		default:
			s = append(s, c)
		}
	}
	p.fail("a string without end")
	return ""
}

// maxInt is the number of digits that a number may have.
const maxInt = 15

func (p *parser) number() string {
	end := 0
	if strings.HasPrefix(p.rest, "-") {
		end++
	}
	first := end
	for end < len(p.rest) && end-first < maxInt && '0' <= p.rest[end] && p.rest[end] <= '9' {
		end++
		if p.rest[first] == '0' {
			break // nothing follows a zero
		}
	}
	s := p.rest[:end]
	if end == first || s == "-0" {
		p.fail("want a value")
		return ""
	}
	p.take(s)
	return s
}

// AppendCanonical appends v in the form that is hashed: keys in the order of
// their bytes, those that come twice included, and no space.
func (v Value) AppendCanonical(dst []byte) []byte {
	switch v.kind {
	case text:
		return appendText(dst, v.word)
	case array:
		dst = append(dst, '[')
		for i, item := range v.items {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = item.AppendCanonical(dst)
		}
		return append(dst, ']')
	case object:
		order := make([]int, len(v.keys))
		for i := range order {
			order[i] = i
		}
		slices.SortStableFunc(order, func(i, j int) int { return strings.Compare(v.keys[i], v.keys[j]) })
		dst = append(dst, '{')
		for n, i := range order {
			if n > 0 {
				dst = append(dst, ',')
			}
			dst = append(appendText(dst, v.keys[i]), ':')
			dst = v.items[i].AppendCanonical(dst)
		}
		return append(dst, '}')
	}
	return append(dst, v.word...)
}

func appendText(dst []byte, s string) []byte {
	dst = append(dst, '"')
	for i := range len(s) {
		if s[i] == '"' || s[i] == '\\' {
			dst = append(dst, '\\')
		}
		dst = append(dst, s[i])
	}
	return append(dst, '"')
}

// Field returns the value at a path of keys; of two with one key, the first.
func (v Value) Field(path ...string) (Value, error) {
	for _, key := range path {
		i := slices.Index(v.keys, key)
		if i < 0 {
			return Value{}, fmt.Errorf("%s is missing", key)
		}
		v = v.items[i]
	}
	return v, nil
}

// Keys returns the keys of an object, as they come.
func (v Value) Keys() ([]string, error) {
	if v.kind != object {
		return nil, errors.New("is not an object")
	}
	return v.keys, nil
}

// Int returns a number.
func (v Value) Int() (int64, error) {
	i, err := strconv.ParseInt(v.word, 10, 64)
	if v.kind != word || err != nil {
		return 0, errors.New("is not a whole number")
	}
	return i, nil
}

// Natural returns a number that is written as a string, which may have space
// around it.
func (v Value) Natural() (uint64, error) {
	n, err := strconv.ParseUint(strings.TrimSpace(v.word), 10, 64)
	if v.kind != text || err != nil {
		return 0, errors.New("is not a whole number in a string")
	}
	return n, nil
}
