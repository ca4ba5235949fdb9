package relay_test

import (
	"bytes"
	"context"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ouronet/ouronet/chaintest"
	"github.com/ouronet/ouronet/internal/cbor"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/ledger/immutable"
	"github.com/ouronet/ouronet/node"
	"github.com/ouronet/ouronet/node/relay"
)

// byronParts returns a Byron block up to its body, the body, and the rest, which
// is extra data.
func byronParts(raw ledger.RawBlock) (before, body, extra []byte) {
	r := cbor.NewReader(raw)
	r.ArrayLen(2)
	r.Uint()
	r.ArrayLen(3)
	r.Raw() // header
	before = raw[:r.Pos()]
	return before, r.Raw(), r.Rest()
}

// A peer that puts something else where no hash covers a Byron block is at fault;
// the relay neither stores nor serves what it sent, and follows an honest peer.
func TestRelayRefusesByronJunk(t *testing.T) {
	junk := append([]byte{0x59, 0xff, 0xff}, make([]byte, 65535)...)
	for name, alter := range map[string]func(b ledger.Block) []byte{
		"extra data": func(b ledger.Block) []byte {
			if b.Header.Raw.EBB {
				return b.Raw
			}
			before, body, _ := byronParts(b.Raw)
			return append(append(bytes.Clone(before), body...), junk...)
		},
		"extra data of boundary blocks": func(b ledger.Block) []byte {
			if !b.Header.Raw.EBB {
				return b.Raw
			}
			before, body, _ := byronParts(b.Raw)
			return append(append(bytes.Clone(before), body...), junk...)
		},
		"shared seed": func(b ledger.Block) []byte {
			if b.Header.Raw.EBB {
				return b.Raw
			}
			before, body, extra := byronParts(b.Raw)
			r := cbor.NewReader(body)
			r.ArrayLen(4)
			r.Raw()
			altered := append(bytes.Clone(before), body[:r.Pos()]...)
			r.Raw()
			return append(append(append(altered, junk...), r.Rest()...), extra...)
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			n := chaintest.AllEras()
			n.Start = signedNetwork().Start
			var honest []ledger.Block
			synctest.Test(t, func(t *testing.T) {
				s, lost := &stage{t: t, signed: true, eras: &n}, losses{}
				c := chaintest.New(chaintest.Config{Seed: 7, Network: n, Signed: true}).Grow(150)
				honest = c.Blocks()
				s.peer("liar", chaintest.Peer{Chain: c.Fork(0), Hooks: chaintest.Hooks{Range: func(_ context.Context, blocks []ledger.Block) []ledger.Block {
					var altered []ledger.Block
					for _, b := range blocks {
						b, err := n.ParseBlock(alter(b))
						if err != nil {
							panic(err)
						}
						altered = append(altered, b)
					}
					return altered
				}}})
				_, stop := s.relay("relay", relay.Config{Follow: lost.note(s.config("liar", "honest")), DataDir: dir})
				reader := s.reader("relay")
				time.Sleep(time.Hour)
				if len(lost["liar"]) == 0 {
					t.Error("the liar is kept")
				}
				for len(lost["liar"]) > 0 {
					if err := <-lost["liar"]; !node.Blame(err) {
						t.Errorf("lost for %v, no fault of the liar", err)
					}
				}
				s.upstream("honest", c)
				reader.reach(c)
				if err := stop(); err != nil {
					t.Error(err)
				}
			})
			db, err := immutable.Open(filepath.Join(dir, "immutable"), immutable.Options{Network: n})
			if err != nil {
				t.Fatal(err)
			}
			stored := 0
			for raw, err := range db.BlocksAfter(ledger.Origin) {
				if err != nil {
					t.Fatal(err)
				}
				if !bytes.Equal(raw, honest[stored].Raw) {
					t.Errorf("block %d is stored with other bytes", stored)
				}
				stored++
			}
			if stored < 100 {
				t.Errorf("%d blocks are stored, of %d", stored, len(honest))
			}
			if err := db.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}
