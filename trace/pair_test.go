package trace_test

import (
	"bytes"
	"context"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ouronet/ouronet/chainsync"
	"github.com/ouronet/ouronet/chaintest"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/mux"
	"github.com/ouronet/ouronet/node"
	"github.com/ouronet/ouronet/protocol"
	"github.com/ouronet/ouronet/trace"
)

func serving(c *chaintest.Chain) node.Config {
	return node.Config{Network: chaintest.Network(), Sources: c.Sources()}
}

func newChain() *chaintest.Chain {
	return chaintest.New(chaintest.Config{BlockSize: 2000}).Grow(3)
}

// converse runs a conversation: headers, then blocks, then a pause with
// keep-alives. Each side is recorded by its own function, or not.
func converse(t *testing.T, asking, answering func(net.Conn) mux.Recorder) {
	chain := newChain()
	a, b := net.Pipe()
	served := make(chan *node.Conn)
	go func() {
		cfg := serving(chain)
		cfg.Mux.Record = answering
		c, err := node.Handshake(t.Context(), b, protocol.Responder, cfg)
		if err != nil {
			t.Error(err)
		}
		served <- c
	}()
	cfg := node.Config{Network: chaintest.Network()}
	cfg.Mux.Record = asking
	asks, err := node.Handshake(t.Context(), a, protocol.Initiator, cfg)
	if err != nil {
		t.Fatal(err)
	}
	answers := <-served
	pause := func() { // so that mini-protocols do not race
		synctest.Wait()
		time.Sleep(50 * time.Millisecond)
	}
	pause()
	n := 0
	if _, _, err := asks.ChainSync().Intersect(t.Context(), ledger.Origin); err != nil {
		t.Fatal(err)
	}
	for u, err := range asks.ChainSync().Updates(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		if _, ok := u.(chainsync.RollForward); ok {
			if n++; n == 3 {
				break
			}
		}
	}
	pause()
	bs := chain.Blocks()
	for _, err := range asks.BlockFetch().Range(t.Context(), bs[0].Header.Point(), bs[2].Header.Point()) {
		if err != nil {
			t.Fatal(err)
		}
	}
	time.Sleep(25 * time.Second)
	synctest.Wait()
	asks.Close()
	answers.Close()
}

// recording is converse with one side recorded.
func recording(t *testing.T, role protocol.Role, cfg trace.Config) []byte {
	var file bytes.Buffer
	synctest.Test(t, func(t *testing.T) {
		r := trace.NewRecorder(&file, cfg)
		if role == protocol.Initiator {
			converse(t, r.Record, nil)
		} else {
			converse(t, nil, r.Record)
		}
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
	})
	return file.Bytes()
}

func load(t *testing.T, file []byte) *trace.Conn {
	t.Helper()
	rec, err := trace.Load(bytes.NewReader(file))
	if err != nil || len(rec.Conns) != 1 {
		t.Fatalf("%d connections, %v", len(rec.Conns), err)
	}
	return rec.Conns[0]
}

// serveOn answers on a bearer until it ends.
func serveOn(ctx context.Context, conn net.Conn, cfg node.Config) error {
	c, err := node.Handshake(ctx, conn, protocol.Responder, cfg)
	if err != nil {
		return err
	}
	<-c.Done()
	return c.Close()
}
