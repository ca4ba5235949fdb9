package cli

import (
	"errors"
	"fmt"
	"math"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ouronet/ouronet/ledger"
)

// Address is HOST:PORT of a node to connect to.
type Address string

// String returns HOST:PORT as given, "" without one.
func (a *Address) String() string { return string(*a) }

// Set implements [flag.Value].
func (a *Address) Set(s string) error {
	*a = Address(s)
	return CheckAddress(s, true)
}

// Addresses are any number of them.
type Addresses []string

// String returns the addresses with a space between them.
func (a *Addresses) String() string { return strings.Join(*a, " ") }

// Set implements [flag.Value].
func (a *Addresses) Set(s string) error {
	*a = append(*a, s)
	return CheckAddress(s, true)
}

// CheckAddress reports what is wrong with HOST:PORT. To connect, it needs a host
// and a port other than 0; to listen, neither.
func CheckAddress(s string, connect bool) error {
	host, port, err := net.SplitHostPort(s)
	if err != nil {
		return errors.New("give HOST:PORT, such as relay.example:3001 or [::1]:3001")
	}
	n, err := strconv.ParseUint(port, 10, 16)
	switch {
	case connect && (err != nil || n == 0):
		return errors.New("give a port from 1 to 65535 after the colon")
	case err != nil:
		return errors.New("give a port from 0 to 65535 after the colon")
	case connect && host == "":
		return errors.New("give a host before the colon")
	}
	return nil
}

// Point is a point of a chain.
type Point struct{ ledger.Point }

// Set implements [flag.Value].
func (p *Point) Set(s string) (err error) {
	if p.Point, err = ledger.ParsePoint(s); err != nil {
		return errors.New("give a slot number and a hash of 64 hex digits, SLOT.HASH, as the program tip prints, or origin")
	}
	return nil
}

// blockPoint is the point of a block.
type blockPoint struct{ ledger.Point }

// Set implements [flag.Value].
func (p *blockPoint) Set(s string) (err error) {
	if p.Point, err = ledger.ParsePoint(s); err != nil || p.IsOrigin() {
		return errors.New("give a slot number and a hash of 64 hex digits, SLOT.HASH, as the program tip prints")
	}
	return nil
}

// Text is an argument of any kind, such as a file name.
type Text string

// String returns the text as given.
func (t *Text) String() string { return string(*t) }

// Set implements [flag.Value].
func (t *Text) Set(s string) error {
	if s == "" {
		return errors.New("give a name that is not empty")
	}
	*t = Text(s)
	return nil
}

// number is a whole number within bounds.
type number struct{ value, least, most int }

// String is in decimal, as in the help.
func (n *number) String() string { return strconv.Itoa(n.value) }

// Set refuses what is no number or out of bounds.
func (n *number) Set(s string) error {
	v, err := strconv.Atoi(s)
	switch {
	case err == nil && n.least <= v && v <= n.most:
		n.value = v
		return nil
	case n.most == math.MaxInt:
		return fmt.Errorf("give a whole number, %d or more", n.least)
	}
	return fmt.Errorf("give a whole number from %d to %d", n.least, n.most)
}

// span is a duration within bounds.
type span struct{ value, least, most time.Duration }

// String is as time.Duration prints it.
func (p *span) String() string { return p.value.String() }

// Set refuses what is no duration or out of bounds.
func (p *span) Set(s string) error {
	v, err := time.ParseDuration(s)
	switch {
	case err == nil && p.least <= v && v <= p.most:
		p.value = v
		return nil
	case p.most == math.MaxInt64:
		return fmt.Errorf("give a duration, %v or more, such as 10s or 1m30s", p.least)
	}
	return fmt.Errorf("give a duration from %v to %v, such as 10s", p.least, p.most)
}

// choice is one of some words.
type choice struct {
	value string
	of    []string
	hint  string // what to do for another one
}

// String returns the word that is chosen.
func (c *choice) String() string { return c.value }

// Set refuses other words, and names those that are allowed.
func (c *choice) Set(s string) error {
	if !slices.Contains(c.of, s) {
		return errors.New("give " + or(c.of) + c.hint)
	}
	c.value = s
	return nil
}

// or joins words: a, b or c.
func or(words []string) string {
	last := len(words) - 1
	if last < 1 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:last], ", ") + " or " + words[last]
}
