package peer_test

import (
	"bytes"
	"context"
	"errors"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/blinklabs-io/gouroboros/protocol/blockfetch"
	"github.com/blinklabs-io/gouroboros/protocol/chainsync"
	"github.com/blinklabs-io/gouroboros/protocol/handshake"

	"github.com/ouronet/ouronet/chaintest"
	"github.com/ouronet/ouronet/conformance/interop/peer"
	"github.com/ouronet/ouronet/internal/testing/testenv"
	"github.com/ouronet/ouronet/ledger"
)

const magic = 42

func chain(n, size int) []ledger.Block {
	return chaintest.NewGenerator(chaintest.Config{BlockSize: size}).Blocks(n)
}

func listen(t *testing.T, cfg peer.ServerConfig) *peer.Server {
	t.Helper()
	testenv.CheckLeaks(t)
	cfg.Magic = magic
	s, err := peer.Listen(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

func dial(t *testing.T, s *peer.Server, cfg peer.ClientConfig) *peer.Client {
	t.Helper()
	cfg.Magic = magic
	c, err := peer.Dial(limited(t), s.Addr(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func limited(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	t.Cleanup(cancel)
	return ctx
}

func TestRefusesAnotherNetwork(t *testing.T) {
	s := listen(t, peer.ServerConfig{})
	_, err := peer.Dial(limited(t), s.Addr(), peer.ClientConfig{Magic: magic + 1})
	if e := (*handshake.RefusedError)(nil); !errors.As(err, &e) {
		t.Fatalf("got %v, want a refusal", err)
	}
}

func TestQuery(t *testing.T) {
	s := listen(t, peer.ServerConfig{})
	c := dial(t, s, peer.ClientConfig{Query: true})
	if _, ok := c.Versions()[14]; !ok {
		t.Fatalf("versions %v, want 14 among them", c.Versions())
	}
}

func TestHeadersAndBlocks(t *testing.T) {
	want := chain(300, 3000)
	s := listen(t, peer.ServerConfig{Chain: peer.NewChain(want)})
	c := dial(t, s, peer.ClientConfig{})
	takeAll(t, c, want)
}

// takeAll checks that c gets the headers and blocks of want, byte for byte.
func takeAll(t *testing.T, c *peer.Client, want []ledger.Block) {
	t.Helper()
	headers, err := c.Headers(limited(t))
	if err != nil {
		t.Fatal(err)
	}
	if len(headers) != len(want) {
		t.Fatalf("%d headers, want %d", len(headers), len(want))
	}
	for i, h := range headers {
		if h.Era != want[i].Header.Raw.Era || h.EBB != want[i].Header.Raw.EBB ||
			!bytes.Equal(h.Bytes, want[i].Header.Raw.Bytes) {
			t.Fatalf("header %d differs", i)
		}
	}
	n := 0
	err = c.Fetch(limited(t), peer.Ranges(want, 10), func(raw ledger.RawBlock) error {
		if !bytes.Equal(raw, want[n].Raw) {
			t.Errorf("block %d differs", n)
		}
		n++
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if n != len(want) {
		t.Fatalf("%d blocks, want %d", n, len(want))
	}
}

func TestNoBlocks(t *testing.T) {
	bs := chain(3, 1000)
	s := listen(t, peer.ServerConfig{Chain: peer.NewChain(bs[:2])})
	c := dial(t, s, peer.ClientConfig{})
	err := c.Fetch(limited(t), peer.Ranges(bs, 3), func(ledger.RawBlock) error { return nil })
	if !errors.Is(err, blockfetch.ErrNoBlocks) {
		t.Fatalf("got %v, want ErrNoBlocks", err)
	}
}

func TestAwaitReplyAndRollback(t *testing.T) {
	bs := chain(6, 1000)
	chain := peer.NewChain(bs[:3])
	s := listen(t, peer.ServerConfig{Chain: chain})
	c := dial(t, s, peer.ClientConfig{})
	var got []string
	from := []ledger.Point{bs[5].Header.Point(), bs[1].Header.Point()}
	err := c.Sync(limited(t), from, func(u peer.Update) error {
		switch u.Kind {
		case peer.RollBackward:
			got = append(got, "back to "+u.Point.String())
		case peer.RollForward:
			h, err := ledger.Preview.ParseHeader(u.Header)
			if err != nil {
				return err
			}
			got = append(got, h.Point().String())
			if h.Point() == bs[4].Header.Point() {
				return peer.ErrStop
			}
		case peer.AwaitReply:
			switch chain.Len() {
			case 3:
				chain.Rollback(2)
			case 2:
				chain.Append(bs[2:5]...)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	point := func(i int) string { return bs[i].Header.Point().String() }
	want := []string{"back to " + point(1), point(2), "back to " + point(1), point(2), point(3), point(4)}
	if !slices.Equal(got, want) {
		t.Fatalf("got %v\nwant %v", got, want)
	}
}

func TestNoIntersection(t *testing.T) {
	bs := chain(2, 1000)
	s := listen(t, peer.ServerConfig{Chain: peer.NewChain(bs[:1])})
	c := dial(t, s, peer.ClientConfig{})
	err := c.Sync(limited(t), []ledger.Point{bs[1].Header.Point()}, func(peer.Update) error { return nil })
	if !errors.Is(err, chainsync.ErrIntersectNotFound) {
		t.Fatalf("got %v, want ErrIntersectNotFound", err)
	}
}

func TestKeepAlive(t *testing.T) {
	s := listen(t, peer.ServerConfig{})
	c := dial(t, s, peer.ClientConfig{})
	for range 3 {
		if _, err := c.KeepAlive(limited(t)); err != nil {
			t.Fatal(err)
		}
	}
}

func TestTransactions(t *testing.T) {
	txs := make([]peer.Tx, 7)
	for i := range txs {
		txs[i] = peer.Tx{Era: 6, ID: [32]byte{byte(i)}, Bytes: bytes.Repeat([]byte{byte(i)}, 100*i)}
	}
	var got []peer.Tx
	s := listen(t, peer.ServerConfig{OnTx: func(tx peer.Tx) { got = append(got, tx) }})
	c := dial(t, s, peer.ClientConfig{})
	taken, err := c.OfferTxs(limited(t), txs)
	if err != nil || taken != len(txs) {
		t.Fatalf("%d taken, %v", taken, err)
	}
	s.Close()
	if !slices.EqualFunc(got, txs, func(a, b peer.Tx) bool {
		return a.Era == b.Era && a.ID == b.ID && bytes.Equal(a.Bytes, b.Bytes)
	}) {
		t.Fatalf("got %v", got)
	}
}

func TestPeers(t *testing.T) {
	peers := []netip.AddrPort{
		netip.MustParseAddrPort("192.0.2.7:3001"),
		netip.MustParseAddrPort("[2001:db8::1]:3002"),
		netip.MustParseAddrPort("192.0.2.9:3003"),
	}
	s := listen(t, peer.ServerConfig{PeerSharing: true, Peers: peers})
	c := dial(t, s, peer.ClientConfig{PeerSharing: true})
	got, err := c.Peers(limited(t), 2)
	if err != nil || !slices.Equal(got, peers[:2]) {
		t.Fatalf("got %v, %v", got, err)
	}
}

func TestServerGoesAway(t *testing.T) {
	s := listen(t, peer.ServerConfig{Chain: peer.NewChain(chain(1, 1000))})
	c := dial(t, s, peer.ClientConfig{})
	err := c.Sync(limited(t), []ledger.Point{ledger.Origin}, func(u peer.Update) error {
		if u.Kind == peer.AwaitReply {
			go s.Close()
		}
		return nil
	})
	if err == nil || errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("got %v, want why the connection ended", err)
	}
}
