package blockfetch_test

import (
	"context"
	"testing"

	"github.com/ouronet/ouronet/blockfetch"
	"github.com/ouronet/ouronet/chaintest"
	"github.com/ouronet/ouronet/internal/testing/testenv"
)

// script is a transport that has all its bytes from the start.
type script struct {
	bytes []byte
	ready chan struct{}
	sent  int
}

func (s *script) Ready() <-chan struct{}   { return s.ready }
func (s *script) Peek(int) ([]byte, error) { return s.bytes, nil }
func (s *script) Consume(n int)            { s.bytes = s.bytes[n:] }
func (s *script) Send(_ context.Context, head, body []byte) error {
	s.sent += len(head) + len(body)
	return nil
}

// late hides its bytes until something was sent.
type late struct{ script }

func (l *late) Peek(int) ([]byte, error) {
	if l.sent == 0 {
		return nil, nil
	}
	return l.bytes, nil
}

// pieces is a transport that shows its bytes in pieces.
type pieces struct {
	late
	chunk int
}

func (p *pieces) Peek(seen int) ([]byte, error) {
	all, err := p.late.Peek(seen)
	return all[:min(len(all), seen+p.chunk)], err
}

// A block costs its bytes to receive; asking for it and checking it cost nothing, nor
// does it if it comes in pieces.
func TestInitiatorAllocations(t *testing.T) {
	if testenv.Race {
		t.Skip("the race detector allocates")
	}
	blocks := mixed()
	wants := wantsOf(blocks)
	var answer []byte
	for _, b := range blocks {
		answer = blockfetch.StartBatch{}.AppendCBOR(answer)
		answer = blockfetch.Block{Raw: b.Raw}.AppendCBOR(answer)
		answer = blockfetch.BatchDone{}.AppendCBOR(answer)
	}
	for _, chunk := range []int{len(answer), 12288, 1448} {
		n := testing.AllocsPerRun(5, func() {
			i := blockfetch.NewInitiator(blockfetch.Spec(), &pieces{late{script{bytes: answer}}, chunk}, chaintest.Network())
			rest := wants
			one := func() (part []blockfetch.Want, ok bool) {
				if len(rest) > 0 {
					part, rest = rest[:1], rest[1:]
				}
				return part, len(part) > 0
			}
			for _, err := range i.Stream(context.Background(), one, nil) {
				if err != nil {
					t.Fatal(err)
				}
			}
		})
		if setup := n - float64(len(blocks)); setup > 50 {
			t.Errorf("pieces of %d bytes: %v allocations more than one for each of %d blocks, want at most 50", chunk, setup, len(blocks))
		}
	}
}

// A block that is in memory costs its interface value to serve.
func TestResponderAllocations(t *testing.T) {
	if testenv.Race {
		t.Skip("the race detector allocates")
	}
	blocks := mixed()
	ask := request(blocks[0], blocks[len(blocks)-1]).AppendCBOR(nil)
	ask = blockfetch.ClientDone{}.AppendCBOR(ask)
	n := testing.AllocsPerRun(5, func() {
		s := &script{bytes: ask}
		if err := blockfetch.Respond(context.Background(), blockfetch.Spec(), s, &chain{blocks: blocks}); err != nil {
			t.Fatal(err)
		}
		if s.sent < len(blocks)*1000 {
			t.Fatalf("sent only %d bytes", s.sent)
		}
	})
	if per := n / float64(len(blocks)); per > 2 {
		t.Errorf("%.2f allocations a block, want at most 2", per)
	}
}
