package mux_test

import (
	"bytes"
	"context"
	"iter"

	"github.com/ouronet/ouronet/chainsync"
	"github.com/ouronet/ouronet/internal/cbor"
	"github.com/ouronet/ouronet/ledger"
)

// testChain is a chain of blocks that only their headers hold together.
type testChain struct {
	blocks  []ledger.RawBlock
	headers []ledger.Header
	network ledger.Network
}

func newTestChain(n, bodySize int) *testChain {
	network, _ := ledger.NetworkByName("preprod")
	c := &testChain{network: network}
	for i := range n {
		var prev *ledger.Header
		if i > 0 {
			prev = &c.headers[i-1]
		}
		header := appendHeader(nil, uint64(i), prev, bodySize)
		h, err := network.ParseHeader(ledger.RawHeader{Era: ledger.Conway, Bytes: header})
		if err != nil {
			panic(err)
		}
		c.headers = append(c.headers, h)
		c.blocks = append(c.blocks, appendBlock(nil, header, bodySize))
	}
	return c
}

func appendHeader(dst []byte, n uint64, prev *ledger.Header, bodySize int) []byte {
	filled := func(size int) []byte { return bytes.Repeat([]byte{byte(n)}, size) }
	dst = cbor.AppendArray(cbor.AppendArray(dst, 2), 10)
	dst = cbor.AppendUint(dst, n)
	dst = cbor.AppendUint(dst, 100_000_000+20*n)
	if prev == nil {
		dst = cbor.AppendNull(dst)
	} else {
		dst = cbor.AppendBytes(dst, prev.Hash[:])
	}
	dst = cbor.AppendBytes(dst, filled(32))
	dst = cbor.AppendBytes(dst, filled(32))
	dst = cbor.AppendBytes(cbor.AppendBytes(cbor.AppendArray(dst, 2), filled(64)), filled(80))
	dst = cbor.AppendUint(dst, uint64(bodySize))
	dst = cbor.AppendBytes(dst, filled(32))
	dst = cbor.AppendBytes(cbor.AppendArray(dst, 4), filled(32))
	dst = cbor.AppendUint(cbor.AppendUint(dst, 1), 2)
	dst = cbor.AppendBytes(dst, filled(64))
	dst = cbor.AppendUint(cbor.AppendUint(cbor.AppendArray(dst, 2), 9), 0)
	return cbor.AppendBytes(dst, filled(448))
}

func appendBlock(dst, header []byte, bodySize int) []byte {
	dst = cbor.AppendUint(cbor.AppendArray(dst, 2), 7)
	dst = append(cbor.AppendArray(dst, 5), header...)
	dst = cbor.AppendArray(cbor.AppendArray(dst, 0), 0)
	dst = cbor.AppendUint(cbor.AppendMap(dst, 1), 0)
	dst = cbor.AppendBytes(dst, bytes.Repeat([]byte{0x5a}, bodySize))
	return cbor.AppendArray(dst, 0)
}

func (c *testChain) tip() ledger.Tip { return c.headers[len(c.headers)-1].Tip() }

func (c *testChain) wants() (wants []blockfetchWant) {
	for i := range c.headers {
		wants = append(wants, blockfetchWant{Point: c.headers[i].Point(), Size: len(c.blocks[i])})
	}
	return wants
}

func (c *testChain) index(p ledger.Point) int {
	for i := range c.headers {
		if c.headers[i].Point() == p {
			return i
		}
	}
	return -1
}

// Range implements blockfetch.Source.
func (c *testChain) Range(_ context.Context, from, to ledger.Point) (iter.Seq2[ledger.RawBlock, error], error) {
	first, last := c.index(from), c.index(to)
	if first < 0 || last < 0 {
		return nil, nil
	}
	return func(yield func(ledger.RawBlock, error) bool) {
		for _, b := range c.blocks[first : last+1] {
			if !yield(b, nil) {
				return
			}
		}
	}, nil
}

// follower is a chainsync.Source that stays at the tip once it is there.
type follower struct {
	chain *testChain
	next  int
	moved bool // next is a roll forward, the rollback to the start was sent
}

func (f *follower) Intersect(_ context.Context, points []ledger.Point) (ledger.Point, ledger.Tip, error) {
	for _, p := range points {
		if i := f.chain.index(p); i >= 0 || p.IsOrigin() {
			f.next, f.moved = i+1, false
			return p, f.chain.tip(), nil
		}
	}
	return ledger.Point{}, f.chain.tip(), chainsync.ErrNoIntersect
}

func (f *follower) Next(context.Context) (chainsync.Update, error) {
	if !f.moved {
		f.moved = true
		p := ledger.Origin
		if f.next > 0 {
			p = f.chain.headers[f.next-1].Point()
		}
		return chainsync.RollBackward{Point: p, Tip: f.chain.tip()}, nil
	}
	if f.next == len(f.chain.headers) {
		return nil, nil
	}
	f.next++
	return chainsync.RollForward{Header: f.chain.headers[f.next-1].Raw, Tip: f.chain.tip()}, nil
}

func (f *follower) Wait(ctx context.Context) error {
	<-ctx.Done()
	return context.Cause(ctx)
}
