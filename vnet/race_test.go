package vnet_test

import (
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ouronet/ouronet/vnet"
)

// asSent is an Arrange that changes nothing.
func asSent(sent []byte) ([][]byte, int) { return [][]byte{slices.Clone(sent)}, 0 }

// What the goroutines of a host do to a connection at the instant at which one
// of them closes it makes no difference, whichever comes first.
func TestClosingRace(t *testing.T) {
	write := func(c net.Conn) { io.WriteString(c, "late") }
	read := func(c net.Conn) { io.ReadFull(c, make([]byte, 2)) }
	for _, test := range []struct {
		name   string
		first  func(net.Conn) // may come before or after closing
		finish bool           // CloseWrite before
		want   string         // what the other side is told at last
	}{
		{name: "nothing", want: "end"},
		{name: "a write", first: write, want: "end"},
		{name: "a read", first: read, want: "end"},
		{name: "all written", first: write, finish: true, want: "data 6c617465 end"},
	} {
		var told []string
		for _, before := range []bool{true, false} {
			got := lockstep(t, vnet.Config{Link: vnet.Link{Latency: ms}, Arrange: asSent}, func(t *testing.T, n *vnet.Network) {
				a, b := connect(t, n)
				io.WriteString(b, "now")
				io.ReadFull(a, make([]byte, 1)) // the rest has just arrived
				if test.first != nil && (before || test.finish) {
					test.first(a)
				}
				if test.finish {
					a.CloseWrite()
				}
				a.Close()
				if test.first != nil && !before {
					test.first(a)
				}
				io.Copy(io.Discard, b)
				b.Close()
			})
			told = append(told, "")
			for line := range strings.Lines(got["b"]) {
				if _, what, _ := strings.Cut(line, "a>b "); !strings.HasPrefix(what, "connect") {
					told[len(told)-1] += strings.TrimSpace(what) + " "
				}
			}
		}
		if told[0] != told[1] || !strings.HasPrefix(told[0], test.want+" ") {
			t.Errorf("%s: %q and %q, want %q", test.name, told[0], told[1], test.want)
		}
	}
}

// A host that loses all its connections at once is told of one after the other.
func TestResetsInOrder(t *testing.T) {
	for range 20 {
		var order []int
		cfg := vnet.Config{Link: vnet.Link{Latency: ms}, Faults: []vnet.Fault{{Kind: vnet.Reset, From: "a", At: time.Second}}}
		lockstep(t, cfg, func(t *testing.T, n *vnet.Network) {
			var mu sync.Mutex
			var tasks sync.WaitGroup
			for i := range 4 {
				a, b := connect(t, n)
				tasks.Go(func() {
					a.Read(make([]byte, 1))
					mu.Lock()
					order = append(order, i)
					mu.Unlock()
					a.Close()
					b.Close()
				})
			}
			tasks.Wait()
		})
		if !slices.Equal(order, []int{0, 1, 2, 3}) {
			t.Fatalf("order %v", order)
		}
	}
}
