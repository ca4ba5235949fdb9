package cli

import (
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"

	"github.com/ouronet/ouronet/handshake"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/protocol"
)

// packages are those whose names their errors begin with. To know them does not
// help who runs a program.
var packages = []string{"node", "follow", "relay", "ledger", "folder", "immutable", "trace", "sim", "conform", "handshake", "chainsync", "blockfetch", "txsubmission"}

// explain writes an error for people.
func (c *Command) explain(err error) string {
	text := Plain(err)
	if c.network == nil {
		return text
	}
	text = HungUp(text, err)
	var v *protocol.ViolationError
	switch {
	case errors.As(err, &v) && (v.Protocol == "mux" || v.Protocol == "handshake"):
		text += ": check that HOST:PORT is where a node talks to other nodes"
	default:
		text += OtherNetwork(err, *c.network)
	}
	return text
}

// OtherNetwork says, after a colon, which network we are on if a peer refused us
// because it is on another one; else it is "".
func OtherNetwork(err error, ours ledger.Network) string {
	var refused *handshake.RefusedError
	if !errors.As(err, &refused) || refused.Reason != handshake.Refused {
		return ""
	}
	name := ours.Name + ", network magic"
	if !Known(ours) {
		name = "the network with magic"
	}
	return fmt.Sprintf(": we are on %s %d: give the peer's network with -network, -magic or -genesis", name, ours.Magic)
}

// HungUp writes out what an error that the connection has ended with is called, EOF.
// text is that of err, or its end.
func HungUp(text string, err error) string {
	if rest, ok := strings.CutSuffix(text, io.EOF.Error()); ok && errors.Is(err, io.EOF) {
		return rest + "the peer closed the connection"
	}
	return text
}

// Plain writes an error without the names of packages that it begins with.
func Plain(err error) string {
	if op, ok := err.(*net.OpError); ok && op.Op == "dial" && op.Addr != nil {
		return fmt.Sprintf("cannot connect to %v: %s", op.Addr, Cause(op))
	}
	text := err.Error()
	for {
		name, rest, ok := strings.Cut(text, ": ")
		if !ok || !slices.Contains(packages, name) {
			return text
		}
		text = rest
	}
}
