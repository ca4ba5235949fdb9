package chainsync_test

import (
	"context"
	"testing"

	"github.com/ouronet/ouronet/chainsync"
	"github.com/ouronet/ouronet/internal/testing/testenv"
)

// rerun answers each request with the same message without another goroutine.
type rerun struct {
	answer []byte
	owed   int
	ready  chan struct{}
}

func (r *rerun) Send(context.Context, []byte, []byte) error { r.owed++; return nil }
func (r *rerun) Ready() <-chan struct{}                     { return r.ready }
func (r *rerun) Consume(int)                                { r.owed-- }
func (r *rerun) Peek(int) ([]byte, error) {
	if r.owed == 0 {
		return nil, nil
	}
	return r.answer, nil
}

// A header costs its bytes and its interface value to receive.
func TestInitiatorAllocations(t *testing.T) {
	if testenv.Race {
		t.Skip("the race detector allocates")
	}
	h := header("7")
	h.Bytes = append(h.Bytes, make([]byte, 850)...)
	end := tip("7")
	end.BlockNo = 1 << 40
	answer := chainsync.RollForward{Header: h, Tip: end}.AppendCBOR(nil)
	const headers = 2000
	n := testing.AllocsPerRun(5, func() {
		i := chainsync.NewInitiator(chainsync.Spec(), &rerun{answer: answer})
		seen := 0
		for _, err := range i.Updates(context.Background()) {
			if err != nil {
				t.Fatal(err)
			}
			if seen++; seen == headers {
				break
			}
		}
	})
	per := n / headers
	t.Logf("%.2f allocations a header", per)
	if per > 2.1 {
		t.Error("want at most 2")
	}
}

// requests is a peer that asks n times and is done.
type requests struct {
	n    int
	sent int // bytes
}

func (r *requests) Ready() <-chan struct{} { return nil }
func (r *requests) Consume(int)            { r.n-- }
func (r *requests) Send(_ context.Context, head, body []byte) error {
	r.sent += len(head) + len(body)
	return nil
}
func (r *requests) Peek(int) ([]byte, error) {
	if r.n == 0 {
		return []byte{0x81, 0x07}, nil
	}
	return []byte{0x81, 0x00}, nil
}

// Serving a header costs nothing beside what the source makes of it.
func TestResponderAllocations(t *testing.T) {
	if testenv.Race {
		t.Skip("the race detector allocates")
	}
	h := header("7")
	h.Bytes = append(h.Bytes, make([]byte, 850)...)
	source := &endless{updates: []chainsync.Update{chainsync.RollForward{Header: h, Tip: t1}}}
	const headers = 2000
	n := testing.AllocsPerRun(5, func() {
		peer := &requests{n: headers}
		if err := chainsync.Respond(context.Background(), chainsync.Spec(), peer, source); err != nil {
			t.Fatal(err)
		}
		if peer.sent < headers*850 {
			t.Fatalf("sent only %d bytes", peer.sent)
		}
	})
	if per := n / headers; per > 2 {
		t.Errorf("%.2f allocations a header, want at most 2", per)
	}
}
