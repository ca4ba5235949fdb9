package mux_test

import (
	"bufio"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"slices"
	"testing"
	"time"

	"github.com/ouronet/ouronet/internal/cbor"
	"github.com/ouronet/ouronet/mux"
	"github.com/ouronet/ouronet/protocol"
)

// data is a message with a byte string, its own only message type. An empty
// one asks, one with content answers.
type data struct{ b []byte }

func (data) Label() string                  { return "MsgData" }
func (data) Tag() uint64                    { return 0 }
func (m data) AppendCBOR(dst []byte) []byte { h, b := m.AppendHead(dst); return append(h, b...) }

func (m data) AppendHead(dst []byte) (head, body []byte) {
	return cbor.AppendBytesHead(cbor.AppendMessage(dst, 2, 0), len(m.b)), m.b
}

func (data) Decode(raw []byte) (protocol.Message, error) {
	r := cbor.NewReader(raw)
	r.Message(2, 0)
	b := r.Bytes()
	if err := r.Close(); err != nil {
		return nil, err
	}
	return data{append(make([]byte, 0, len(b)), b...)}, nil
}

type ping struct{}

func (ping) Label() string                               { return "MsgPing" }
func (ping) Tag() uint64                                 { return 1 }
func (ping) AppendCBOR(dst []byte) []byte                { return cbor.AppendMessage(dst, 1, 1) }
func (ping) Decode(raw []byte) (protocol.Message, error) { return ping{}, nil }

type pong struct{}

func (pong) Label() string                               { return "MsgPong" }
func (pong) Tag() uint64                                 { return 2 }
func (pong) AppendCBOR(dst []byte) []byte                { return cbor.AppendMessage(dst, 1, 2) }
func (pong) Decode(raw []byte) (protocol.Message, error) { return pong{}, nil }

// streamSpec is a mini-protocol in which the responder sends for ever.
func streamSpec() *protocol.Spec {
	return &protocol.Spec{Name: "stream", ID: 100, Ingress: 1 << 25, States: []protocol.State{
		{Name: "StStream", Agency: protocol.Responder, Limit: 1 << 22, Timeout: protocol.After(time.Minute),
			Edges: []protocol.Edge{{Msg: data{}, To: 0}}},
	}}
}

// pingSpec is a mini-protocol of small requests and replies.
func pingSpec() *protocol.Spec {
	return &protocol.Spec{Name: "ping", ID: 101, Ingress: 1 << 16, States: []protocol.State{
		{Name: "StIdle", Agency: protocol.Initiator, Limit: 1000, Timeout: protocol.After(time.Minute),
			Edges: []protocol.Edge{{Msg: ping{}, To: 1}}},
		{Name: "StBusy", Agency: protocol.Responder, Limit: 1000, Timeout: protocol.After(time.Minute),
			Edges: []protocol.Edge{{Msg: pong{}, To: 0}}},
	}}
}

// window keeps the ingress buffer from overrunning: the receiver lets the
// sender go on for every message it has taken.
const window = 4 << 20

// BenchmarkStream moves messages one way over loopback TCP: through Session
// and Mux, and with code written by hand that does the same framing.
func BenchmarkStream(b *testing.B) {
	for _, size := range []int{18_000, 72_000} {
		b.Run(fmt.Sprintf("%dkB/mux", size/1000), func(b *testing.B) { streamMux(b, size) })
		b.Run(fmt.Sprintf("%dkB/raw", size/1000), func(b *testing.B) { streamRaw(b, size) })
	}
}

func streamMux(b *testing.B, size int) {
	ca, cb := tcpPair(b)
	ma, mb := pair(b, ca, cb, mux.Config{})
	spec := streamSpec()
	in := ma.Channel(spec, protocol.Initiator)
	out := mb.Channel(spec, protocol.Responder)
	ma.Start()
	mb.Start()
	credit := make(chan struct{}, window/size)
	mb.Go(func(ctx context.Context) error {
		s := protocol.NewSession[protocol.Message](spec, protocol.Responder, out)
		msg := data{make([]byte, size)}
		for {
			select {
			case credit <- struct{}{}:
			case <-ctx.Done():
				return nil
			}
			if err := s.Send(ctx, msg); err != nil {
				return err
			}
		}
	})
	s := protocol.NewSession[protocol.Message](spec, protocol.Initiator, in)
	b.SetBytes(int64(size))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := s.Recv(context.Background()); err != nil {
			b.Fatal(err)
		}
		<-credit
	}
}

func streamRaw(b *testing.B, size int) {
	in, out := tcpPair(b)
	defer in.Close()
	defer out.Close()
	credit := make(chan struct{}, window/size)
	done := make(chan struct{})
	defer close(done)
	go func() {
		head, body := data{make([]byte, size)}.AppendHead(nil)
		message := append(head, body...)
		for {
			select {
			case credit <- struct{}{}:
			case <-done:
				return
			}
			var bufs net.Buffers
			for rest := message; len(rest) > 0; {
				n := min(len(rest), 12288)
				h := binary.BigEndian.AppendUint64(nil, uint64(100|0x8000)<<16|uint64(n))
				bufs = append(bufs, h, rest[:n])
				rest = rest[n:]
			}
			if _, err := bufs.WriteTo(out); err != nil {
				return
			}
		}
	}()
	head, _ := data{make([]byte, size)}.AppendHead(nil)
	total := len(head) + size
	r := bufio.NewReaderSize(in, 1<<17)
	b.SetBytes(int64(size))
	b.ReportAllocs()
	var h [8]byte
	for b.Loop() {
		message := make([]byte, total)
		for at := 0; at < total; {
			if _, err := io.ReadFull(r, h[:]); err != nil {
				b.Fatal(err)
			}
			n := int(binary.BigEndian.Uint16(h[6:]))
			if _, err := io.ReadFull(r, message[at:at+n]); err != nil {
				b.Fatal(err)
			}
			at += n
		}
		<-credit
	}
}

// BenchmarkPing measures round trips of the smallest messages.
func BenchmarkPing(b *testing.B) {
	b.Run("mux", pingMux)
	b.Run("raw", pingRaw)
}

func pingMux(b *testing.B) {
	ca, cb := tcpPair(b)
	ma, mb := pair(b, ca, cb, mux.Config{})
	spec := pingSpec()
	c := ma.Channel(spec, protocol.Initiator)
	mb.Respond(spec, mux.OnOwn, func(ctx context.Context, c *mux.Channel) error {
		s := protocol.NewSession[protocol.Message](spec, protocol.Responder, c)
		return protocol.Serve(ctx, s, func(_ context.Context, _ protocol.Message, reply func(protocol.Message) error) error {
			return reply(pong{})
		})
	})
	ma.Hold()
	ma.Start()
	mb.Start()
	s := protocol.NewSession[protocol.Message](spec, protocol.Initiator, c)
	measure(b, func() error {
		_, err := s.Ask(context.Background(), ping{})
		return err
	})
}

func pingRaw(b *testing.B) {
	x, y := tcpPair(b)
	defer x.Close()
	defer y.Close()
	go func() {
		var buf [10]byte
		for {
			if _, err := io.ReadFull(y, buf[:]); err != nil {
				return
			}
			if _, err := y.Write(buf[:]); err != nil {
				return
			}
		}
	}()
	var buf [10]byte
	measure(b, func() error {
		if _, err := x.Write(buf[:]); err != nil {
			return err
		}
		_, err := io.ReadFull(x, buf[:])
		return err
	})
}

// measure reports the median and the 99th percentile of trip's times.
func measure(b *testing.B, trip func() error) {
	var times []time.Duration
	b.ReportAllocs()
	for b.Loop() {
		start := time.Now()
		if err := trip(); err != nil {
			b.Fatal(err)
		}
		times = append(times, time.Since(start))
	}
	slices.Sort(times)
	b.ReportMetric(float64(times[len(times)/2]), "p50-ns")
	b.ReportMetric(float64(times[len(times)*99/100]), "p99-ns")
}
