package line

import (
	"bytes"
	"io"
	"math/rand/v2"
	"testing"
	"time"
)

// A line carries bytes in order, no faster than its rate and no sooner than its
// delay, whatever it is made of.
func TestLine(t *testing.T) {
	for name, open := range map[string]func(Shape) (*Line, error){
		"namespaces": namespaces,
		"delaying":   namespaces,
		"proxy":      func(s Shape) (*Line, error) { return proxied(s), nil },
	} {
		t.Run(name, func(t *testing.T) {
			shape := Shape{Rate: 80_000_000, Queue: 20 * time.Millisecond}
			if name != "namespaces" {
				shape.Delay = 10 * time.Millisecond
			}
			l, err := open(shape)
			if err != nil {
				t.Skip(err)
			}
			defer l.Close()
			t.Log(l.Made)
			ln, err := l.Listen()
			if err != nil {
				t.Fatal(err)
			}
			defer ln.Close()
			want := make([]byte, 500_000)
			rand.NewChaCha8([32]byte{}).Read(want)
			go func() {
				conn, err := ln.Accept()
				if err != nil {
					return
				}
				defer conn.Close()
				io.ReadFull(conn, make([]byte, 1))
				conn.Write(want)
			}()
			conn, err := l.Dial(ln.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			start := time.Now()
			conn.Write([]byte{1})
			got, err := io.ReadAll(conn)
			took := time.Since(start)
			if err != nil || !bytes.Equal(got, want) {
				t.Fatalf("%d bytes came, %v", len(got), err)
			}
			if least := 2*shape.Delay + time.Duration(float64(len(want)-burst)*8/float64(shape.Rate)*1e9); took < least {
				t.Errorf("it took %v, at this rate %v at least", took, least)
			}
		})
	}
}
