package relay

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/ledger/praos"
	"github.com/ouronet/ouronet/node"
)

const (
	// maxVerdicts bounds what is remembered of headers that are not adopted:
	// about 500 bytes each. It is above what the chain core holds for all peers.
	maxVerdicts = 50_000

	// maxBad bounds how many bad headers are remembered, so that they are not
	// checked again when other peers send them.
	maxBad = 1000
)

// verifier checks headers for all upstream peers, a node.Verifier. Each header
// is checked once, on all cores, whoever brings it.
type verifier struct {
	v       *praos.Verifier
	network ledger.Network
	workers int

	mu       sync.Mutex
	verdicts map[ledger.Hash]*verdict // of headers that may get children
	side     []ledger.Hash            // of them, those not adopted when they came, oldest first
	bad      []ledger.Hash
	adopted  []ledger.Hash // the last k, and the one before them, oldest first
	k        int
	checks   praos.Checks // of the last header
}

// verdict is what is known of a header.
type verdict struct {
	state praos.State // after the header; good if err is nil in the end
	job   *praos.Job
	dead  bool // known from the start that it is bad: nothing can follow it

	done chan struct{} // closed when err is settled
	err  error

	adopted bool
}

// noHash stands for the start of the chain, as the parent of its first block.
var noHash ledger.Hash

func newVerifier(n ledger.Network) (*verifier, error) {
	v, err := praos.NewVerifier(praos.Config{Network: n})
	if err != nil {
		return nil, err
	}
	return &verifier{
		v:        v,
		network:  n,
		workers:  runtime.GOMAXPROCS(0),
		verdicts: make(map[ledger.Hash]*verdict),
		k:        int(n.SecurityParam),
	}, nil
}

// start sets the state of the chain that is held already.
func (v *verifier) start(s praos.State) {
	settled := make(chan struct{})
	close(settled)
	v.mu.Lock()
	defer v.mu.Unlock()
	v.verdicts[s.Tip.Point.Hash] = &verdict{state: s, done: settled, adopted: true}
	v.adopted = []ledger.Hash{s.Tip.Point.Hash}
}

// errForgotten: the parent of a header is not known any more, because too many
// others came. A new connection starts from a block that is.
var errForgotten = errors.New("relay: too many forks to verify this one")

// Verify implements node.Verifier.
func (v *verifier) Verify(ctx context.Context, headers []ledger.Header) (good int, err error) {
	verdicts, ours, err := v.prepare(headers)
	v.check(ours)
	for i, d := range verdicts {
		select {
		case <-d.done:
		case <-ctx.Done():
			return i, context.Cause(ctx)
		}
		if d.err != nil {
			// What comes after it was prepared from a state that is void.
			v.condemn(headers[i:len(verdicts)], verdicts[i:])
			return i, &node.BadHeaderError{Point: headers[i].Point(), Err: d.err}
		}
	}
	return len(verdicts), err
}

// prepare finds or makes the verdict of each header, in order. ours are those
// that this call must check. An error is about the header after the verdicts.
func (v *verifier) prepare(headers []ledger.Header) (verdicts, ours []*verdict, err error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for i := range headers {
		h := &headers[i]
		d := v.verdicts[h.Hash]
		if d == nil {
			if d, err = v.judge(h); err != nil {
				return verdicts, ours, err
			}
			v.verdicts[h.Hash] = d
			v.side = append(v.side, h.Hash)
			ours = append(ours, d)
		}
		verdicts = append(verdicts, d)
		if d.dead {
			break
		}
	}
	v.trim()
	return verdicts, ours, nil
}

// judge makes the verdict of a header that is new, without the costly part. An
// error is one that says nothing lasting about the header.
func (v *verifier) judge(h *ledger.Header) (*verdict, error) {
	parent := v.verdicts[h.Prev] // noHash without a parent
	if parent == nil || parent.dead {
		return nil, errForgotten
	}
	if err := praos.CheckTime(&v.network, h.Slot, time.Now()); err != nil {
		return nil, &node.BadHeaderError{Point: h.Point(), Err: err}
	}
	d := &verdict{done: make(chan struct{})}
	var err error
	if d.job, d.state, err = v.v.Prepare(parent.state, h); err != nil {
		var fault *praos.Error
		if !errors.As(err, &fault) {
			return nil, err
		}
		d.dead, d.err = true, err
		return d, nil
	}
	v.checks = d.job.Checks()
	return d, nil
}

// check does the jobs on all cores and closes the verdicts.
func (v *verifier) check(ours []*verdict) {
	var next atomic.Int64
	var tasks sync.WaitGroup
	for range min(v.workers, len(ours)) {
		tasks.Go(func() {
			for {
				i := int(next.Add(1)) - 1
				if i >= len(ours) {
					return
				}
				d := ours[i]
				if !d.dead {
					d.err = d.job.Verify()
					d.job = nil
				}
				close(d.done)
			}
		})
	}
	tasks.Wait()
}

// condemn forgets the headers after a bad one, and remembers that.
func (v *verifier) condemn(headers []ledger.Header, verdicts []*verdict) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for i := range verdicts {
		h := headers[i].Hash
		if v.verdicts[h] != verdicts[i] {
			continue // somebody else did it
		}
		if i > 0 {
			delete(v.verdicts, h)
			continue
		}
		if len(v.bad) == maxBad {
			delete(v.verdicts, v.bad[0])
			v.bad = v.bad[1:]
		}
		v.bad = append(v.bad, h)
	}
}

// trim drops what is not needed of the headers that were not adopted.
func (v *verifier) trim() {
	for len(v.side) > 0 {
		d := v.verdicts[v.side[0]]
		if d != nil && !d.adopted {
			if len(v.verdicts) <= maxVerdicts {
				return
			}
			delete(v.verdicts, v.side[0])
		}
		v.side = v.side[1:]
	}
}

// extend notes that the header of an adopted block is needed for as long as it
// may get children.
func (v *verifier) extend(hash ledger.Hash) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if d := v.verdicts[hash]; d != nil {
		d.adopted = true
	}
	v.adopted = append(v.adopted, hash)
	if len(v.adopted) > v.k+1 {
		delete(v.verdicts, v.adopted[0])
		v.adopted = v.adopted[1:]
	}
}

// rollBack notes that the blocks after a point are not adopted any more.
func (v *verifier) rollBack(hash ledger.Hash) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for n := len(v.adopted) - 1; n >= 0 && v.adopted[n] != hash; n-- {
		if d := v.verdicts[v.adopted[n]]; d != nil {
			d.adopted = false
			v.side = append(v.side, v.adopted[n])
		}
		v.adopted = v.adopted[:n]
	}
}

// state returns the state after a header that was adopted and is not older than
// k blocks.
func (v *verifier) state(hash ledger.Hash) (praos.State, bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if d := v.verdicts[hash]; d != nil && d.adopted {
		return d.state, true
	}
	return praos.State{}, false
}
