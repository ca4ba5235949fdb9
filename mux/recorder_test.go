package mux_test

import (
	"bytes"
	"context"
	"errors"
	"net"
	"sync"
	"testing"

	"github.com/ouronet/ouronet/mux"
	"github.com/ouronet/ouronet/protocol"
)

// tape is a Recorder.
type tape struct {
	mu       sync.Mutex
	in, out  bytes.Buffer
	ended    []error
	recorded net.Conn
}

func (r *tape) Received(p []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.in.Write(p)
}

func (r *tape) Sending(bufs net.Buffers) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, b := range bufs {
		r.out.Write(b)
	}
}

func (r *tape) Ended(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ended = append(r.ended, err)
}

// What one side is told that it sends is what the other side is told that it
// receives, to the byte.
func TestRecorder(t *testing.T) {
	onBearers(t, func(t *testing.T, a, b net.Conn) {
		var tapes [2]tape
		record := func(r *tape) mux.Config {
			return mux.Config{SegmentSize: 1000, Record: func(c net.Conn) mux.Recorder { r.recorded = c; return r }}
		}
		ma, mb := mux.New(a, record(&tapes[0])), mux.New(b, record(&tapes[1]))
		defer drop(mb)
		spec := streamSpec()
		in, out := ma.Channel(spec, protocol.Initiator), mb.Channel(spec, protocol.Responder)
		ma.Hold()
		mb.Hold()
		ma.Start()
		mb.Start()
		from := protocol.NewSession[protocol.Message](spec, protocol.Responder, out)
		to := protocol.NewSession[protocol.Message](spec, protocol.Initiator, in)
		for _, size := range []int{1, 500, 40_000} {
			if err := from.Send(within(t), data{make([]byte, size)}); err != nil {
				t.Fatal(err)
			}
			if _, err := to.Recv(within(t)); err != nil {
				t.Fatal(err)
			}
		}
		reason := errors.New("enough")
		ma.Fail(reason)
		ma.Fail(errors.New("too late"))
		ma.Close(context.Background())
		mb.Close(within(t))
		for i := range tapes {
			tapes[i].mu.Lock()
			defer tapes[i].mu.Unlock()
		}
		if !bytes.Equal(tapes[0].in.Bytes(), tapes[1].out.Bytes()) || tapes[0].in.Len() < 40_500 {
			t.Errorf("%d bytes received, %d sent", tapes[0].in.Len(), tapes[1].out.Len())
		}
		if tapes[0].out.Len() != 0 || tapes[0].recorded != a {
			t.Errorf("the other direction: %d bytes", tapes[0].out.Len())
		}
		if len(tapes[0].ended) != 1 || tapes[0].ended[0] != reason || len(tapes[1].ended) != 1 {
			t.Errorf("ended with %v and %v", tapes[0].ended, tapes[1].ended)
		}
	})
}

// A Recorder that does not want the connection.
func TestNoRecorder(t *testing.T) {
	a, b := pipePair(t)
	ma, mb := pair(t, a, b, mux.Config{Record: func(net.Conn) mux.Recorder { return nil }})
	mb.Start()
	ma.Fail(errors.New("enough"))
	<-mb.Done()
}
