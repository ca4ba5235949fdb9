package vnet_test

import (
	"bytes"
	"io"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/ouronet/ouronet/internal/testing/testenv"
	"github.com/ouronet/ouronet/vnet"
)

// lines sorts lines and lets each arrive alone.
func lines(sent []byte) (chunks [][]byte, rest int) {
	end := bytes.LastIndexByte(sent, '\n') + 1
	chunks = bytes.SplitAfter(sent[:end], []byte("\n"))
	slices.SortFunc(chunks, bytes.Compare)
	return slices.DeleteFunc(chunks, func(l []byte) bool { return len(l) == 0 }), len(sent) - end
}

func TestArrange(t *testing.T) {
	tests := []struct {
		name    string
		arrange func([]byte) ([][]byte, int)
		link    vnet.Link
		sent    []string // each at an instant of its own
		want    []string // what each read gives
	}{
		{"sorted", lines, vnet.Link{}, []string{"b\na\nc\n"}, []string{"a\n", "b\n", "c\n"}},
		{"incomplete", lines, vnet.Link{}, []string{"z\nb", "a\na\n"}, []string{"z\n", "a\n", "ba\n"}},
		{"never complete", lines, vnet.Link{}, []string{"b\na"}, []string{"b\n", "a"}},
		{"larger than the window", lines, vnet.Link{Window: 4}, []string{"c\nabcdefg"}, []string{"c\n", "ab", "cdef", "g"}},
		{"broken off", lines, vnet.Link{ResetAfter: 3}, []string{"b\na\nc\n"}, []string{"a\n", "b"}},
		{"shorter", func(b []byte) ([][]byte, int) { return [][]byte{b[:1], b[1:2]}, 1 }, vnet.Link{}, []string{"abcde"}, []string{"a", "b", "e"}},
		{"nil", func([]byte) ([][]byte, int) { return nil, 0 }, vnet.Link{Chunk: 3}, []string{"abcde"}, []string{"abc", "de"}},
		{"longer", func(b []byte) ([][]byte, int) { return [][]byte{b, b}, 0 }, vnet.Link{}, []string{"ab"}, []string{"ab", "ab"}},
		{"longer than the window", func(b []byte) ([][]byte, int) { return [][]byte{b, b}, 0 }, vnet.Link{Window: 3}, []string{"ab", "cd"}, []string{"ab", "ab", "cd", "cd"}},
		{"rest too large", func(b []byte) ([][]byte, int) { return nil, 100 }, vnet.Link{}, []string{"ab"}, []string{"ab"}},
		{"negative rest", func(b []byte) ([][]byte, int) { return nil, -1 }, vnet.Link{}, []string{"ab"}, []string{"ab"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var got []string
			lockstep(t, vnet.Config{Link: test.link, Arrange: test.arrange}, func(t *testing.T, n *vnet.Network) {
				a, b := connect(t, n)
				var tasks sync.WaitGroup
				tasks.Go(func() {
					for _, s := range test.sent {
						io.WriteString(a, s)
						time.Sleep(ms)
					}
					a.Close()
				})
				tasks.Go(func() {
					defer b.Close()
					buf := make([]byte, 100)
					for {
						n, err := b.Read(buf)
						if err != nil {
							return
						}
						got = append(got, string(buf[:n]))
					}
				})
				tasks.Wait()
			})
			if !slices.Equal(got, test.want) {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestAllocations(t *testing.T) {
	if testenv.Race {
		t.Skip("the race detector allocates")
	}
	a, b := connect(t, vnet.New(vnet.Config{}))
	buf := make([]byte, 100)
	n := testing.AllocsPerRun(100, func() {
		a.Write(buf)
		b.Read(buf)
	})
	if n != 0 {
		t.Errorf("%v allocations for a write and a read", n)
	}
}
