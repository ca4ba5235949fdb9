package trace_test

import (
	"bytes"
	"errors"
	"net"
	"strings"
	"testing"

	"github.com/ouronet/ouronet/trace"
)

// gate is a file that takes nothing until it is opened.
type gate struct {
	bytes.Buffer
	open chan struct{}
}

func (g *gate) Write(p []byte) (int, error) {
	<-g.open
	return g.Buffer.Write(p)
}

func pipe(t *testing.T) net.Conn {
	a, b := net.Pipe()
	t.Cleanup(func() { a.Close(); b.Close() })
	return a
}

// A full queue ends the recording of who meets it, and nobody waits.
func TestQueueFull(t *testing.T) {
	g := &gate{open: make(chan struct{})}
	r := trace.NewRecorder(g, trace.Config{QueueBytes: 10_000})
	first, second := r.Record(pipe(t)), r.Record(pipe(t))
	chunk := make([]byte, 1000)
	for range 100 {
		first.Received(chunk)
	}
	first.Sending(net.Buffers{chunk})
	first.Ended(errors.New("over"))
	if r.Truncated() != 1 {
		t.Errorf("%d truncated", r.Truncated())
	}
	close(g.open)
	second.Received(chunk[:10]) // finds room again, now or never
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	rec, err := trace.Load(&g.Buffer)
	if err != nil || len(rec.Conns) != 2 {
		t.Fatalf("%+v, %v", rec, err)
	}
	if c := rec.Conns[0]; !c.Truncated || len(c.Chunks) == 0 || len(c.Chunks) > 10 || c.Ended {
		t.Errorf("%d chunks, truncated %t", len(c.Chunks), c.Truncated)
	}
	if c := rec.Conns[1]; c.Truncated || len(c.Chunks) != 1 {
		t.Errorf("the other connection: %d chunks, truncated %t", len(c.Chunks), c.Truncated)
	}
}

// The file does not grow above its bound.
func TestFileFull(t *testing.T) {
	var file bytes.Buffer
	r := trace.NewRecorder(&file, trace.Config{MaxBytes: 5000})
	first := r.Record(pipe(t))
	for range 100 {
		first.Received(make([]byte, 100))
	}
	if r.Truncated() != 1 {
		t.Errorf("%d truncated", r.Truncated())
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	if file.Len() > 5200 {
		t.Errorf("%d bytes", file.Len())
	}
	out, sum := decode(t, file.Bytes())
	if sum.Truncated == 0 || !strings.Contains(out, "truncated") {
		t.Errorf("%+v\n%s", sum, out)
	}
}

type full struct{}

var errFull = errors.New("no space left")

func (full) Write([]byte) (int, error) { return 0, errFull }

// What cannot be written is told by Close.
func TestWriteError(t *testing.T) {
	r := trace.NewRecorder(full{}, trace.Config{})
	if c := r.Record(pipe(t)); c != nil {
		c.Received([]byte{1})
	}
	if err := r.Close(); !errors.Is(err, errFull) {
		t.Errorf("got %v", err)
	}
}

// Long runs of bytes are divided.
func TestLongRuns(t *testing.T) {
	var file bytes.Buffer
	r := trace.NewRecorder(&file, trace.Config{QueueBytes: 64 << 20})
	c := r.Record(pipe(t))
	long := bytes.Repeat([]byte{7}, 5<<20)
	c.Received(long)
	c.Sending(net.Buffers{long[:1], long})
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	rec, err := trace.Load(&file)
	if err != nil || rec.Conns[0].Truncated {
		t.Fatal(err)
	}
	var got [2]int
	for _, chunk := range rec.Conns[0].Chunks {
		if chunk.Sent {
			got[1] += len(chunk.Data)
		} else {
			got[0] += len(chunk.Data)
		}
	}
	if got != [2]int{len(long), len(long) + 1} {
		t.Errorf("got %v", got)
	}
}

// A step that no record can hold is told to its owner and marked in the file.
func TestStepTooLarge(t *testing.T) {
	var file bytes.Buffer
	r := trace.NewRecorder(&file, trace.Config{})
	d, other := r.Core("large"), r.Core("small")
	for i, size := range []int{3 << 20, 3<<20 + 1, 1} {
		if err := d.Step(make([]byte, size), nil); (err != nil) != (i > 0) {
			t.Errorf("%d bytes: %v", size, err)
		}
	}
	if err := other.Step([]byte{1}, nil); err != nil {
		t.Error(err)
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	if err := other.Step([]byte{1}, nil); err == nil {
		t.Error("a step after the end is taken")
	}
	all, err := trace.Load(&file)
	if err != nil || len(all.Cores) != 2 || r.Truncated() != 1 {
		t.Fatalf("%+v, %v", all, err)
	}
	if c := all.Cores[0]; !c.Truncated || len(c.Steps) != 1 {
		t.Errorf("%d steps, truncated %t", len(c.Steps), c.Truncated)
	}
	if c := all.Cores[1]; c.Truncated || len(c.Steps) != 1 {
		t.Errorf("the other core: %d steps, truncated %t", len(c.Steps), c.Truncated)
	}
}
