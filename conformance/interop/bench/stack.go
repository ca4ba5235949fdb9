package main

import (
	"net"

	"github.com/ouronet/ouronet/chaintest"
	"github.com/ouronet/ouronet/ledger"
)

const magic = 42

// A stack is one implementation of both ends of a connection. All speak the
// same wire, so each end can be measured against the hand-written other one.
type stack interface {
	// serve answers on conn until the other side hangs up.
	serve(conn net.Conn, c *chain) error

	// dial runs the handshake on conn as the initiator.
	dial(conn net.Conn, c *chain, o options) (initiator, error)

	// idle opens a duplex connection on conn that does nothing but keep-alives
	// in both directions, as warm peers have it.
	idle(conn net.Conn) error
}

// options are for the initiator.
type options struct {
	bodyHash bool // check the body of each block
	beside   bool // ping will be called while fetch runs
	careful  bool // gouroboros only: do without what sometimes fails there
	discard  bool // hand-written stack only: do not keep what is taken
}

// initiator is a connection after the handshake. Its methods are called one at
// a time, but for ping, which may run beside fetch.
type initiator interface {
	// fetch takes ranges in order, as many in flight as the stack will
	// have, and checks that each block is the expected one.
	fetch([]span) error

	// headers takes n headers, pipelined, after which the initiator can only
	// be closed.
	headers(n int) error

	// ping makes one keep-alive round trip.
	ping() error

	close()
}

// span is a range of blocks by their indices in the chain.
type span struct{ first, n int }

// chain is what is served and what is expected.
type chain struct {
	blocks []ledger.Block
	bytes  int // of all blocks
}

// newChain makes n Conway blocks of about size bytes.
func newChain(n, size int) *chain {
	c := &chain{blocks: chaintest.NewGenerator(chaintest.Config{BlockSize: size}).Blocks(n)}
	for _, b := range c.blocks {
		c.bytes += len(b.Raw)
	}
	return c
}

// repeated returns a chain of n entries that repeats c's blocks, for serving
// headers only. Its tip is out of reach.
func (c *chain) repeated(n int) *chain {
	out := &chain{blocks: make([]ledger.Block, n)}
	for i := range out.blocks {
		out.blocks[i] = c.blocks[i%len(c.blocks)]
	}
	out.blocks[n-1].Header.BlockNo = 1 << 40
	return out
}

func (c *chain) tip() ledger.Tip { return c.blocks[len(c.blocks)-1].Header.Tip() }

// spans cuts n blocks into ranges of size, going round the chain.
func (c *chain) spans(n, size int) []span {
	var out []span
	for at := 0; n > 0; {
		s := span{at, min(size, n, len(c.blocks)-at)}
		out = append(out, s)
		n -= s.n
		at = (at + s.n) % len(c.blocks)
	}
	return out
}
