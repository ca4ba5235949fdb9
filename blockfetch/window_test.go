package blockfetch_test

import (
	"context"
	"testing"

	"github.com/ouronet/ouronet/blockfetch"
	"github.com/ouronet/ouronet/chaintest"
	"github.com/ouronet/ouronet/internal/testing/pipe"
	"github.com/ouronet/ouronet/ledger"
)

// meter watches what is asked for and not yet taken.
type meter struct {
	*pipe.End
	blocks  []ledger.Block
	taken   int
	asked   []int // number of blocks asked for with each request
	bytes   int
	most    int // bytes at a time
	deepest int // requests at a time
}

func (m *meter) Send(ctx context.Context, head, body []byte) error {
	msg, err := blockfetch.RequestRange{}.Decode(head)
	if err == nil {
		r := msg.(blockfetch.RequestRange)
		first, last := indexOf(m.blocks, r.From), indexOf(m.blocks, r.To)
		m.asked = append(m.asked, last-first+1)
		for _, b := range m.blocks[first : last+1] {
			m.bytes += len(b.Raw)
		}
		m.most = max(m.most, m.bytes)
		open, ends := 0, 0
		for _, n := range m.asked {
			if ends += n; ends > m.taken {
				open++
			}
		}
		m.deepest = max(m.deepest, open)
	}
	return m.End.Send(ctx, head, body)
}

func (m *meter) take(b ledger.Block) {
	m.taken++
	m.bytes -= len(b.Raw)
}

// No more is ever asked for than the window, a thousand blocks in one range,
// and a hundred ranges. (miniprotocols, 2; relay-behaviour, 7.3)
func TestFetchWindow(t *testing.T) {
	for _, test := range []struct {
		name    string
		blocks  []ledger.Block
		ingress int
		ranges  int // at least so many at a time
		largest int // most blocks in one range, if not 0
	}{
		{"default, small blocks", small(), blockfetch.Spec().Ingress, 3, blockfetch.MaxRange},
		{"default, mixed blocks", mixed(), blockfetch.Spec().Ingress, 2, 0},
		{"half a megabyte", mixed(), 1 << 19, 2, 0},
		{"less than two blocks", mixed(), 150_000, 1, 0},
		{"less than a block", mixed()[:20], 1000, 1, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			spec := blockfetch.Spec()
			spec.Ingress = test.ingress
			us, peer := pipe.New()
			go blockfetch.Respond(t.Context(), blockfetch.Spec(), peer, &chain{blocks: test.blocks})
			defer us.Close()
			m := &meter{End: us, blocks: test.blocks}
			i := blockfetch.NewInitiator(spec, m, chaintest.Network())
			if i.Window() != test.ingress/2 {
				t.Errorf("window is %d", i.Window())
			}
			n, biggest := 0, 0
			for b, err := range i.Fetch(t.Context(), wantsOf(test.blocks)) {
				if err != nil {
					t.Fatal(err)
				}
				m.take(b)
				n++
				biggest = max(biggest, len(b.Raw))
			}
			if n != len(test.blocks) {
				t.Errorf("got %d blocks of %d", n, len(test.blocks))
			}
			largest := 0
			for _, n := range m.asked {
				largest = max(largest, n)
			}
			if m.most > max(i.Window(), biggest) {
				t.Errorf("asked for %d bytes at a time, the window is %d", m.most, i.Window())
			}
			if m.deepest < test.ranges || m.deepest > blockfetch.MaxRequests {
				t.Errorf("%d ranges at a time", m.deepest)
			}
			if largest > blockfetch.MaxRange || test.largest != 0 && largest != test.largest {
				t.Errorf("asked for %d blocks in one range", largest)
			}
		})
	}
}

func TestAtMostAHundredRequests(t *testing.T) {
	us, peer := pipe.New()
	defer us.Close()
	go blockfetch.Respond(t.Context(), blockfetch.Spec(), peer, &chain{blocks: small()})
	m := &meter{End: us, blocks: small()}
	i := blockfetch.NewInitiator(blockfetch.Spec(), m, chaintest.Network())
	rest := wantsOf(small()[:500])
	next := func() ([]blockfetch.Want, bool) {
		if len(rest) == 0 {
			return nil, false
		}
		one := rest[:1]
		rest = rest[1:]
		return one, true
	}
	n := 0
	for r, err := range i.Stream(t.Context(), next, nil) {
		if err != nil {
			t.Fatal(err)
		}
		m.take(r.Block)
		if want := blockfetch.WantOf(&r.Block.Header); r.Want.Point != want.Point || r.Want.Size != want.Size {
			t.Fatalf("block %v came for %v", r.Block.Header.Point(), r.Want.Point)
		}
		n++
	}
	if n != 500 || len(m.asked) != 500 || m.deepest != blockfetch.MaxRequests {
		t.Errorf("%d blocks, %d requests, %d at a time", n, len(m.asked), m.deepest)
	}
}

// The size that is asked for is that of the block, or a little more.
func TestWantOf(t *testing.T) {
	network := chaintest.Network()
	network.Eras[ledger.Byron].EpochLength = 20
	var eras []chaintest.Stretch
	for e := ledger.Byron; e.Known(); e++ {
		eras = append(eras, chaintest.Stretch{Era: e, Blocks: 50})
	}
	for _, b := range chaintest.NewGenerator(chaintest.Config{Network: network, Eras: eras}).Blocks(400) {
		w := blockfetch.WantOf(&b.Header)
		if w.Point != b.Header.Point() || w.Size < len(b.Raw) || b.Header.Raw.Era != ledger.Byron && w.Size > len(b.Raw)+16 {
			t.Errorf("%v block of %d bytes: asked for %d", b.Header.Raw.Era, len(b.Raw), w.Size)
		}
	}
	// A header can lie, and integers have 32 bits on some machines.
	if w := blockfetch.WantOf(&ledger.Header{Raw: ledger.RawHeader{Era: ledger.Conway}, BodySize: 1<<32 - 1}); w.Size != 2500000 {
		t.Errorf("asked for %d", w.Size)
	}
}
