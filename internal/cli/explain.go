package cli

import (
	"errors"
	"fmt"
	"net"
	"strings"

	"github.com/ouronet/ouronet/handshake"
	"github.com/ouronet/ouronet/node"
)

// packages are those whose names their errors begin with. Who runs a program
// need not know them.
var packages = []string{"node", "ledger", "immutable", "trace", "sim", "conform", "handshake", "chainsync", "blockfetch", "txsubmission"}

// explain writes an error for people.
func (c *Command) explain(err error) string {
	text := Plain(err)
	var refused *handshake.RefusedError
	if c.network != nil && errors.As(err, &refused) && refused.Reason == handshake.Refused {
		text += ": " + WeAre(c.network.Name, c.network.Magic)
	}
	return text
}

// WeAre says what to do about a peer that is on another network than ours.
func WeAre(name string, magic uint32) string {
	if name == fmt.Sprintf("magic %d", magic) {
		return fmt.Sprintf("we are on the network with magic %d: give the peer's network with -network, -magic or -genesis", magic)
	}
	return fmt.Sprintf("we are on %s, network magic %d: give the peer's network with -network, -magic or -genesis", name, magic)
}

// Plain writes an error without the name of the package that it begins with, and
// a failure to connect without naming the address twice.
func Plain(err error) string {
	if peer, ok := err.(*node.PeerError); ok {
		if op, ok := peer.Err.(*net.OpError); ok && op.Op == "dial" {
			return fmt.Sprintf("cannot connect to %s: %v", peer.Peer, op.Err)
		}
	}
	if op, ok := err.(*net.OpError); ok && op.Op == "dial" && op.Addr != nil {
		return fmt.Sprintf("cannot connect to %v: %v", op.Addr, op.Err)
	}
	text := err.Error()
	for _, name := range packages {
		if rest, ok := strings.CutPrefix(text, name+": "); ok {
			return rest
		}
	}
	return text
}
