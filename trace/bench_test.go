//go:build unix

package trace_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/ouronet/ouronet/internal/cbor"
	"github.com/ouronet/ouronet/mux"
	"github.com/ouronet/ouronet/protocol"
	"github.com/ouronet/ouronet/trace"
)

// block is a message with a byte string.
type block struct{ b []byte }

func (block) Label() string                  { return "MsgBlock" }
func (block) Tag() uint64                    { return 0 }
func (m block) AppendCBOR(dst []byte) []byte { h, b := m.AppendHead(dst); return append(h, b...) }
func (m block) AppendHead(dst []byte) (head, body []byte) {
	return cbor.AppendBytesHead(cbor.AppendMessage(dst, 2, 0), len(m.b)), m.b
}

func (block) Decode(raw []byte) (protocol.Message, error) {
	r := cbor.NewReader(raw)
	r.Message(2, 0)
	b := r.Bytes()
	return block{append(make([]byte, 0, len(b)), b...)}, r.Close()
}

func cpu() time.Duration {
	var u syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkRecord moves blocks of 72 kB over loopback TCP, both ends in one
// process and the receiving one recorded, at 25 MB/s to a file and at full speed
// to nowhere, since few disks keep up with that. cpu-% is the processor time of the whole process in percent of one
// core; ns/kB is that for what was moved.
func BenchmarkRecord(b *testing.B) {
	for _, rate := range []float64{25e6, 0} {
		for _, record := range []string{"off", "on", "pcapng"} {
			name := "full"
			if rate > 0 {
				name = "25MBps"
			}
			b.Run(fmt.Sprintf("%s/%s", name, record), func(b *testing.B) { stream(b, rate, record) })
		}
	}
}

func stream(b *testing.B, rate float64, record string) {
	const size = 72_000
	spec := &protocol.Spec{Name: "stream", ID: 100, Ingress: 1 << 25, States: []protocol.State{
		{Name: "StStream", Agency: protocol.Responder, Limit: 1 << 22, Edges: []protocol.Edge{{Msg: block{}, To: 0}}},
	}}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	ca, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		b.Fatal(err)
	}
	cb, err := l.Accept()
	if err != nil {
		b.Fatal(err)
	}
	var cfg mux.Config
	var r *trace.Recorder
	if record != "off" {
		var to io.Writer = io.Discard
		if rate > 0 {
			f, err := os.Create(filepath.Join(b.TempDir(), "trace"))
			if err != nil {
				b.Fatal(err)
			}
			defer f.Close()
			to = f
		}
		r = trace.NewRecorder(to, trace.Config{MaxBytes: 1 << 40, QueueBytes: 16 << 20, Pcapng: record == "pcapng"})
		cfg.Record = r.Record
	}
	ma, mb := mux.New(ca, cfg), mux.New(cb, mux.Config{})
	in, out := ma.Channel(spec, protocol.Initiator), mb.Channel(spec, protocol.Responder)
	ma.Hold()
	mb.Hold()
	ma.Start()
	mb.Start()
	credit := make(chan struct{}, 50)
	mb.Go(func(ctx context.Context) error {
		s := protocol.NewSession[protocol.Message](spec, protocol.Responder, out)
		msg := block{make([]byte, size)}
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
	b.SetBytes(size)
	b.ReportAllocs()
	start, used := time.Now(), cpu()
	for n := 0; b.Loop(); n++ {
		if _, err := s.Recv(b.Context()); err != nil {
			b.Fatal(err)
		}
		if rate > 0 {
			time.Sleep(time.Duration(float64(n)*size/rate*1e9) - time.Since(start))
		}
		<-credit
	}
	used, took := cpu()-used, time.Since(start)
	b.ReportMetric(100*used.Seconds()/took.Seconds(), "cpu-%")
	b.ReportMetric(float64(used.Nanoseconds())/float64(b.N)/size*1000, "cpu-ns/kB")
	ma.Fail(net.ErrClosed)
	mb.Fail(net.ErrClosed)
	ma.Close(context.Background())
	mb.Close(context.Background())
	if r != nil {
		if err := r.Close(); err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(r.Truncated()), "truncated")
	}
}
