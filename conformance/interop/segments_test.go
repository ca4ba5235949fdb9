package interop_test

import (
	"net"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/ouronet/ouronet/conformance/interop/peer"
	"github.com/ouronet/ouronet/internal/segment"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/node"
	"github.com/ouronet/ouronet/protocol"
)

// tap is a bearer that keeps what is written to it.
type tap struct {
	net.Conn
	mu      sync.Mutex
	written []byte
}

func (t *tap) Write(p []byte) (int, error) {
	n, err := t.Conn.Write(p)
	t.mu.Lock()
	defer t.mu.Unlock()
	t.written = append(t.written, p[:n]...)
	return n, err
}

// Departure: their segments are up to 65,535 bytes, with nanoseconds of the
// wall clock. Ours to them are as the specification has them: up to 12,288
// bytes, none empty, the mode bit of the side that sends, microseconds.
func TestOurSegments(t *testing.T) {
	began := time.Now()
	chain := generate(40, 60_000)
	address, taps := tapped(t, chain)
	c := theirClient(t, address, peer.ClientConfig{})
	if err := theyTake(limited(t), c, chain); err != nil {
		t.Fatal(err)
	}
	c.Close()
	bearer := <-taps
	bearer.mu.Lock()
	defer bearer.mu.Unlock()

	protocols := []uint16{0, 2, 3, 8}
	var largest, n int
	var last uint32
	rest := len(bearer.written)
	for h, payload := range segment.All(bearer.written) {
		if len(payload) == 0 {
			t.Fatalf("segment %d is empty", n)
		}
		if h.Role != protocol.Responder || !slices.Contains(protocols, h.ID) {
			t.Fatalf("segment %d is of protocol %#x", n, h.Tag())
		}
		if elapsed := h.Time - last; n > 0 && int64(elapsed) > time.Since(began).Microseconds() {
			t.Fatalf("segment %d comes %d µs after the one before it", n, int32(elapsed))
		}
		largest, last = max(largest, h.Length), h.Time
		rest -= segment.HeadSize + h.Length
		n++
	}
	if rest != 0 {
		t.Errorf("%d bytes at the end are no segment", rest)
	}
	if largest != 12_288 {
		t.Errorf("the largest segment of %d has %d bytes, want 12,288", n, largest)
	}
}

// tapped serves one connection with our node through a tap.
func tapped(t *testing.T, chain []ledger.Block) (address string, taps <-chan *tap) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	out := make(chan *tap, 1)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		conn, err := l.Accept()
		if err != nil {
			return
		}
		bearer := &tap{Conn: conn}
		cfg := config()
		cfg.Sources = sources(peer.NewChain(chain))
		c, err := node.Handshake(limited(t), bearer, protocol.Responder, cfg)
		if err != nil {
			t.Error(err)
			return
		}
		<-c.Done()
		c.Close()
		out <- bearer
	}()
	t.Cleanup(func() { l.Close(); <-ended })
	return l.Addr().String(), out
}
