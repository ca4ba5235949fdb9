package stack

import (
	"context"
	"math/rand/v2"
	"time"

	"github.com/ouronet/ouronet/chainsync"
	"github.com/ouronet/ouronet/internal/testing/sim"
	"github.com/ouronet/ouronet/ledger"
)

// follower is what one connection sees of the chain, a chainsync.Source. p.mu
// guards at and back. Its chance is its own: several followers are woken at
// once.
type follower struct {
	p       *peer
	random  *rand.Rand
	at      int
	back    bool // the next update is a rollback to at
	changed <-chan struct{}
	muteAt  time.Time // or zero
}

// mute returns only when the connection ends, once the peer has fallen silent.
func (f *follower) mute(ctx context.Context) error {
	if !f.muteAt.IsZero() && time.Now().After(f.muteAt) {
		<-ctx.Done()
	}
	return context.Cause(ctx)
}

// lies is drawn for each answer.
func (f *follower) lies() bool { return f.p.manner == sim.Lying && f.random.IntN(12) == 0 }

// Intersect implements chainsync.Source.
func (f *follower) Intersect(ctx context.Context, points []ledger.Point) (ledger.Point, ledger.Tip, error) {
	if err := f.mute(ctx); err != nil {
		return ledger.Point{}, ledger.Tip{}, err
	}
	p := f.p
	p.mu.Lock()
	defer p.mu.Unlock()
	tip := f.tip()
	for _, q := range points {
		i, ok := p.tree.Find(q)
		if !ok || !p.has(i) {
			continue
		}
		f.at, f.back = i, true
		if f.lies() {
			return p.tree.Point(f.random.IntN(len(p.tree.Blocks))), tip, nil
		}
		return q, tip, nil
	}
	return ledger.Point{}, tip, chainsync.ErrNoIntersect
}

// tip is what the peer says its chain ends with. A liar's is longer.
func (f *follower) tip() ledger.Tip {
	t := f.p.tree.Tip(f.p.line[len(f.p.line)-1])
	if f.p.manner == sim.Lying {
		t.BlockNo += ledger.BlockNo(f.random.IntN(1000))
	}
	return t
}

// Next implements chainsync.Source.
func (f *follower) Next(ctx context.Context) (chainsync.Update, error) {
	if err := f.mute(ctx); err != nil {
		return nil, err
	}
	p := f.p
	p.mu.Lock()
	defer p.mu.Unlock()
	h := p.height(f.at)
	switch {
	case f.back:
		f.back = false
		to := f.at
		if f.lies() {
			to = f.random.IntN(len(p.tree.Blocks))
		}
		return chainsync.RollBackward{Point: p.tree.Point(to), Tip: f.tip()}, nil
	case h+1 < len(p.line):
		f.at = p.line[h+1]
		return chainsync.RollForward{Header: f.header(), Tip: f.tip()}, nil
	}
	f.changed = p.changed
	return nil, nil
}

// header is that of the block at f.at or, of a liar, one that cannot be right
// there.
func (f *follower) header() ledger.RawHeader {
	raw := f.p.tree.Blocks[f.at].Header.Raw
	if !f.lies() {
		return raw
	}
	if f.random.IntN(2) == 0 {
		return f.p.tree.foreign[1+f.random.IntN(len(f.p.tree.foreign)-1)].Header.Raw
	}
	// The last bytes are of the signature, which only a Verifier looks at; the
	// hash, and so the next header, tells everybody.
	bad := append([]byte(nil), raw.Bytes...)
	bad[len(bad)-1] ^= 1
	raw.Bytes = bad
	return raw
}

// Wait implements chainsync.Source.
func (f *follower) Wait(ctx context.Context) error {
	select {
	case <-f.changed:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

var _ chainsync.Source = (*follower)(nil)
