package chainsync_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"slices"
	"sync"

	"github.com/ouronet/ouronet/blockfetch"
	"github.com/ouronet/ouronet/chainsync"
	"github.com/ouronet/ouronet/chaintest"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/node"
	"github.com/ouronet/ouronet/vnet"
)

// shelf is own storage, here in memory.
type shelf struct {
	chainsync.Changes

	mu     sync.Mutex
	blocks []ledger.Block
}

// put adds a block after the first n and drops those that are there.
func (s *shelf) put(n int, b ledger.Block) {
	s.mu.Lock()
	defer s.mu.Unlock()
	kept := s.blocks[:n:n]
	back := n < len(s.blocks)
	if s.blocks = append(kept, b); back {
		s.RolledBack(kept[n-1].Header.Tip())
	} else {
		s.Grew()
	}
}

// from returns block p and those after it, all blocks for the origin.
func (s *shelf) from(p ledger.Point) (blocks []ledger.Block, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if p.IsOrigin() {
		return s.blocks, true
	}
	i := slices.IndexFunc(s.blocks, func(b ledger.Block) bool { return b.Header.Point() == p })
	return s.blocks[max(i, 0):], i >= 0
}

// What follows serves it: chainsync.Chain and blockfetch.Chain.

func (s *shelf) Tip() (tip ledger.Tip) {
	if blocks, _ := s.from(ledger.Origin); len(blocks) > 0 {
		tip = blocks[len(blocks)-1].Header.Tip()
	}
	return tip
}

func (s *shelf) Contains(p ledger.Point) (bool, error) {
	_, ok := s.from(p)
	return ok, nil
}

func (s *shelf) NextHeaders(p ledger.Point, n int) (next []ledger.Header, err error) {
	blocks, ok := s.from(p)
	for i, b := range blocks {
		if ok && len(next) < n && (i > 0 || p.IsOrigin()) {
			next = append(next, b.Header)
		}
	}
	return next, nil
}

func (s *shelf) Block(p ledger.Point) (ledger.RawBlock, error) {
	if blocks, ok := s.from(p); ok && !p.IsOrigin() {
		return blocks[0].Raw, nil
	}
	return nil, errors.New("no such block")
}

// Serve own storage: four methods that read it, and a call after each change.
func ExampleNewSource() {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	chain := chaintest.NewGenerator(chaintest.Config{BlockSize: 1})
	own := &shelf{}
	for n, b := range chain.Blocks(5) {
		own.put(n, b)
	}
	known := own.blocks[2].Header.Point()
	fork, err := chain.Fork(known)
	if err != nil {
		log.Fatal(err)
	}

	network := vnet.New(vnet.Config{})
	l, err := network.Host("storage").Listen(3001)
	if err != nil {
		log.Fatal(err)
	}
	go node.Serve(ctx, l, node.Config{Network: chain.Network(), Sources: &node.Sources{
		ChainSync:  func(context.Context, *node.Conn) chainsync.Source { return chainsync.NewSource(own, &own.Changes) },
		BlockFetch: blockfetch.NewSource(own),
	}})

	// A reader that has the first three blocks.
	conn, err := node.Dial(ctx, "storage:3001", node.Config{Network: chain.Network(), Dial: network.Host("reader").Dial})
	if err != nil {
		log.Fatal(err)
	}
	defer conn.Close()
	if _, _, err := conn.ChainSync().Intersect(ctx, known); err != nil {
		log.Fatal(err)
	}
	for u, err := range conn.ChainSync().Updates(ctx) {
		if err != nil {
			log.Fatal(err)
		}
		switch u := u.(type) {
		case chainsync.RollBackward:
			fmt.Println("back to what is known:", u.Point == known)
		case chainsync.RollForward:
			h, err := chain.Network().ParseHeader(u.Header)
			if err != nil {
				log.Fatal(err)
			}
			fmt.Println("block", h.BlockNo, "of", u.Tip.BlockNo)
			switch {
			case h.BlockNo == 4: // the tip: the storage switches to a fork
				own.put(3, fork.Next())
			case u.Tip.BlockNo == 3:
				return
			}
		}
	}
	// Output:
	// back to what is known: true
	// block 3 of 4
	// block 4 of 4
	// back to what is known: true
	// block 3 of 3
}
