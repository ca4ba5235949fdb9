package blockfetch_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"testing"
	"testing/synctest"
	"time"
	"weak"

	"github.com/ouronet/ouronet/blockfetch"
	"github.com/ouronet/ouronet/chaintest"
	"github.com/ouronet/ouronet/internal/testing/pipe"
	"github.com/ouronet/ouronet/ledger"
)

// inPieces makes an initiator whose peer answers with blocks, of which no more than
// chunk bytes are seen at a time.
func inPieces(chunk int, blocks ...ledger.RawBlock) *blockfetch.Initiator {
	us, peer := pipe.New()
	us.Chunk = chunk
	go func() {
		<-peer.Ready()
		peer.Send(context.Background(), blockfetch.StartBatch{}.AppendCBOR(nil), nil)
		for _, raw := range blocks {
			peer.Send(context.Background(), blockfetch.Block{Raw: raw}.AppendCBOR(nil), nil)
		}
		peer.Send(context.Background(), blockfetch.BatchDone{}.AppendCBOR(nil), nil)
	}()
	return blockfetch.NewInitiator(blockfetch.Spec(), us, chaintest.Network())
}

// raws returns the bytes of blocks, of which one, if it is not -1, is changed.
func raws(blocks []ledger.Block, changed, at int) (out []ledger.RawBlock) {
	for i, b := range blocks {
		raw := bytes.Clone(b.Raw)
		if i == changed {
			raw[at] ^= 1
		}
		out = append(out, raw)
	}
	return out
}

// A block that comes in pieces gets the verdict that it gets at once.
func TestBodiesInPieces(t *testing.T) {
	blocks := mixed()[:40]
	if i := slices.IndexFunc(blocks, func(b ledger.Block) bool { return len(b.Raw) > 80_000 }); i < 0 {
		t.Fatal("no large block")
	}
	wants := wantsOf(blocks)
	for _, chunk := range []int{997, 12288, 40_000} {
		got, err := collect(inPieces(chunk, raws(blocks, -1, 0)...).Fetch(t.Context(), wants))
		if err != nil {
			t.Fatal(err)
		}
		checkBlocks(t, got, blocks)
	}
	for i := range blocks {
		n := len(blocks[i].Raw)
		for _, at := range []int{n - 1, n - n/3, n - n/2, n / 3} {
			changed := raws(blocks, i, at)
			_, want := collect(inPieces(0, changed...).Fetch(t.Context(), wants))
			for _, chunk := range []int{1448, 12288} {
				got, err := collect(inPieces(chunk, changed...).Fetch(t.Context(), wants))
				if fmt.Sprint(err) != fmt.Sprint(want) || want == nil {
					t.Fatalf("block %d of %d bytes, byte %d, in pieces of %d: %v, want %v", i, n, at, chunk, err, want)
				}
				checkBlocks(t, got, blocks[:i])
			}
		}
	}
}

// large returns two blocks of 90 kB with headers of one length.
func large() []ledger.Block {
	return chaintest.NewGenerator(chaintest.Config{Seed: 1, BlockSize: 90_000}).Blocks(22)[20:]
}

// A block that began to come while bodies were checked, and is dropped unchecked,
// leaves the check of the next one right.
func TestSkipBodyUnderWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		blocks := large()
		wants := wantsOf(blocks)
		us, peer := pipe.New()
		i := blockfetch.NewInitiator(blockfetch.Spec(), us, chaintest.Network())
		send := func(b []byte) { peer.Send(t.Context(), b, nil) }
		first := blockfetch.Block{Raw: blocks[0].Raw}.AppendCBOR(nil)

		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			<-peer.Ready()
			send(blockfetch.StartBatch{}.AppendCBOR(nil))
			send(first[:2000])
			synctest.Wait()
			cancel()
		}()
		if _, err := collect(i.Fetch(ctx, wants[:1])); !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
		i.SkipBodies = true
		send(first[2000:])
		send(blockfetch.BatchDone{}.AppendCBOR(nil))
		go func() {
			synctest.Wait() // for the request
			send(blockfetch.StartBatch{}.AppendCBOR(nil))
			second := blockfetch.Block{Raw: blocks[1].Raw}.AppendCBOR(nil)
			send(second[:40_000])
			synctest.Wait()
			send(second[40_000:])
			send(blockfetch.BatchDone{}.AppendCBOR(nil))
		}()
		asked := false
		next := func() ([]blockfetch.Want, bool) {
			i.SkipBodies = false
			ok := !asked
			asked = true
			return wants[1:], ok
		}
		n := 0
		for r, err := range i.Stream(t.Context(), next, nil) {
			if err != nil {
				t.Fatal(err)
			}
			checkBlocks(t, []ledger.Block{r.Block}, blocks[1:])
			n++
		}
		if n != 1 {
			t.Errorf("%d blocks", n)
		}
	})
}

// tamperer is a transport that changes what it has shown.
type tamperer struct {
	late
	first, at int
}

func (p *tamperer) Peek(seen int) ([]byte, error) {
	all, err := p.late.Peek(seen)
	if seen < p.first && len(all) > p.first {
		return all[:p.first], err
	}
	if seen == p.first {
		all[p.at] ^= 1
	}
	return all, err
}

// What came before the last bytes is not hashed again, which only a transport that does
// what none may do can tell. Small blocks are, in one go, and those of which the header
// is not known or is another.
func TestBodiesAreHashedEarly(t *testing.T) {
	other := large()[1].Header
	for _, tt := range []struct {
		size  int
		want  func(*ledger.Header) blockfetch.Want
		early bool
	}{
		{10_000, blockfetch.WantKnown, false},
		{90_000, blockfetch.WantKnown, true},
		{90_000, blockfetch.WantOf, false},
		{90_000, func(h *ledger.Header) blockfetch.Want {
			w := blockfetch.WantKnown(&other)
			w.Point = h.Point()
			return w
		}, false},
	} {
		size := tt.size
		block := chaintest.NewGenerator(chaintest.Config{Seed: 1, BlockSize: size}).Blocks(1)[0]
		head, _ := blockfetch.Block{Raw: block.Raw}.AppendHead(nil)
		answer := blockfetch.Block{Raw: block.Raw}.AppendCBOR(blockfetch.StartBatch{}.AppendCBOR(nil))
		answer = blockfetch.BatchDone{}.AppendCBOR(answer)
		body := len(head) + len(block.Raw)/2
		p := &tamperer{late{script{bytes: answer}}, len(head) + len(block.Raw) - 1000, body}
		i := blockfetch.NewInitiator(blockfetch.Spec(), p, chaintest.Network())
		_, err := collect(i.Fetch(t.Context(), []blockfetch.Want{tt.want(&block.Header)}))
		if early := err == nil; early != tt.early {
			t.Errorf("%d bytes: %v, want early %t", size, err, tt.early)
		}
	}
}

// An initiator keeps nothing of a block that it has handed out.
func TestHandedOutIsNotKept(t *testing.T) {
	i := inPieces(12288, raws(large()[:1], -1, 0)...)
	kept := func() weak.Pointer[byte] {
		got, err := collect(i.Fetch(t.Context(), wantsOf(large()[:1])))
		if err != nil {
			t.Fatal(err)
		}
		return weak.Make(&got[0].Raw[0])
	}()
	for range 100 {
		if runtime.GC(); kept.Value() == nil {
			break
		}
	}
	if kept.Value() != nil {
		t.Error("the block is kept")
	}
	runtime.KeepAlive(i)
}

// timed is a transport that shows its bytes up to first, then all. It notes when.
type timed struct {
	late
	first int
	shown time.Time
}

func (t *timed) Peek(seen int) ([]byte, error) {
	all, err := t.late.Peek(seen)
	if seen < t.first && len(all) > t.first {
		return all[:t.first], err
	}
	t.shown = time.Now()
	return all, err
}

// BenchmarkLastByte reports the median time from the last 1,024 bytes of a block of 90
// kB to the block, in nanoseconds; "at once" is when all of it comes with them.
func BenchmarkLastByte(b *testing.B) {
	block := chaintest.NewGenerator(chaintest.Config{Seed: 1, BlockSize: 90_000}).Blocks(1)[0]
	answer := blockfetch.StartBatch{}.AppendCBOR(nil)
	start := len(answer)
	answer = blockfetch.Block{Raw: block.Raw}.AppendCBOR(answer)
	end := len(answer)
	answer = blockfetch.BatchDone{}.AppendCBOR(answer)
	for _, bench := range []struct {
		name  string
		first int
	}{{"in pieces", end - start - 1024}, {"at once", 0}} {
		b.Run(bench.name, func(b *testing.B) {
			var took []time.Duration
			t := &timed{}
			i := blockfetch.NewInitiator(blockfetch.Spec(), t, chaintest.Network())
			for b.Loop() {
				t.late, t.first = late{script{bytes: answer}}, bench.first
				for _, err := range i.Fetch(context.Background(), []blockfetch.Want{blockfetch.WantKnown(&block.Header)}) {
					if err != nil {
						b.Fatal(err)
					}
					took = append(took, time.Since(t.shown))
				}
			}
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)/2]), "ns-last")
		})
	}
}
