package mux_test

import (
	"net"
	"sync/atomic"
	"testing"

	"github.com/ouronet/ouronet/internal/testing/testenv"
	"github.com/ouronet/ouronet/mux"
	"github.com/ouronet/ouronet/protocol"
)

// reads is a Recorder that counts reads.
type reads struct{ n atomic.Int64 }

func (r *reads) Received([]byte)     { r.n.Add(1) }
func (r *reads) Sending(net.Buffers) {}
func (r *reads) Ended(error)         {}

// block is a block of 90 kB as it comes over the wire.
func block(n int) (wire []byte) {
	for n > 0 {
		size := min(n, 12288)
		wire = append(wire, segment(protocol.Responder, 3, make([]byte, size))...)
		n -= size
	}
	return wire
}

// A block that is there is taken with few reads.
func TestReadsOfABlock(t *testing.T) {
	onBearers(t, func(t *testing.T, a, b net.Conn) {
		var r reads
		// Over TCP all of it is in the sockets before the first read; over a
		// pipe one write has all that is read meanwhile.
		written := make(chan error, 1)
		go func() {
			_, err := b.Write(block(90_000))
			written <- err
		}()
		if _, ok := a.(*net.TCPConn); ok {
			if err := <-written; err != nil {
				t.Fatal(err)
			}
		}
		m := mux.New(a, mux.Config{IdleTimeout: -1, Record: func(net.Conn) mux.Recorder { return &r }})
		defer drop(m)
		defer b.Close()
		in := m.Channel(spec(3, 100_000), protocol.Initiator)
		m.Start()
		if _, err := await(in, 90_000); err != nil {
			t.Fatal(err)
		}
		t.Logf("%d reads", r.n.Load())
		if n := r.n.Load(); n > 8 {
			t.Errorf("%d reads for a block of 90 kB", n)
		}
	})
}

// A peer that sends a lot and then nothing leaves us without a read buffer,
// whether it stops in a segment or behind one.
func TestWaitingHoldsNoBuffer(t *testing.T) {
	if testenv.Race {
		t.Skip("the race detector uses memory of its own")
	}
	const n = 50
	for _, tt := range []struct {
		name          string
		sent, payload int
	}{
		{"behind a segment", 8 + 12288, 12288},
		{"in a segment", 8 + 8000, 8000},
		{"in a header", 8 + 12288 + 5, 12288},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, before := usage()
			for range n {
				a, b := tcpPair(t)
				m := mux.New(a, mux.Config{IdleTimeout: -1})
				defer drop(m)
				defer b.Close()
				in := m.Channel(spec(3, 100_000), protocol.Initiator)
				m.Start()
				if _, err := b.Write(block(90_000)[:tt.sent]); err != nil {
					t.Fatal(err)
				}
				for payload := tt.payload; payload > 0; {
					p, err := await(in, 1)
					if err != nil {
						t.Fatal(err)
					}
					payload -= len(p)
					in.Consume(len(p))
				}
			}
			_, after := usage()
			each := (int(after) - int(before)) / n
			t.Logf("%d bytes each", each)
			if each > 10<<10 {
				t.Errorf("%d bytes each", each)
			}
		})
	}
}
