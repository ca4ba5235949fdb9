package relay

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ouronet/ouronet/internal/disk"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/ledger/praos"
	"github.com/ouronet/ouronet/node/follow"
)

// verifier checks headers for all upstream peers, a follow.Verifier. Each header
// is checked once, on all cores, whoever brings it: its hash fixes all headers
// before it, so the verdict on it is the same for everybody.
type verifier struct {
	v       *praos.Verifier
	network ledger.Network
	workers int

	reportEvery     time.Duration // while a folder is read
	checkpointEvery int           // headers, the same

	files disk.FS // of the state

	checked atomic.Int64 // headers whose signatures and proofs were checked

	verdicts
}

func newVerifier(n ledger.Network) (*verifier, error) {
	v, err := praos.NewVerifier(praos.Config{Network: n})
	if err != nil {
		return nil, err
	}
	return &verifier{
		v:       v,
		network: n,
		workers: runtime.GOMAXPROCS(0),

		reportEvery:     reportEvery,
		checkpointEvery: checkpointEvery,
		files:           disk.OS,

		verdicts: newVerdicts(),
	}, nil
}

var (
	// errForgotten: the parent of a header is not known any more, because too
	// many others came or our chain left it more than k blocks behind. A new
	// connection starts from a block that is known.
	errForgotten = errors.New("relay: header of a fork that is not kept")

	// errVoid is the verdict on headers after a bad one, until it is forgotten.
	errVoid = errors.New("relay: header follows one that is not valid")
)

// Verify implements follow.Verifier.
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
			v.condemn(headers[i:len(verdicts)], verdicts[i:])
			return i, &follow.BadHeaderError{Point: headers[i].Point(), Err: d.err}
		}
	}
	return len(verdicts), err
}

// prepare finds or makes the verdict of each header, in order, up to one that is
// known to be bad. ours are those that this call must check. An error is about
// the header after the verdicts.
func (v *verifier) prepare(headers []ledger.Header) (verdicts, ours []*verdict, err error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	defer v.trim()
	var last *verdict
	for i := range headers {
		h := &headers[i]
		// The era is not part of the hash. With a wrong one it must neither pass
		// as the header that is known, nor be held against it.
		if err := v.v.CheckEra(h); err != nil {
			return verdicts, ours, &follow.BadHeaderError{Point: h.Point(), Err: err}
		}
		d := v.known[h.Hash]
		if d == nil {
			if d, err = v.judge(h, last); err != nil {
				return verdicts, ours, err
			}
			v.add(h.Hash, d)
			if d.job != nil {
				ours = append(ours, d)
			}
		}
		verdicts = append(verdicts, d)
		if d.decided() && d.err != nil {
			break
		}
		last = d
	}
	return verdicts, ours, nil
}

// judge makes the verdict of a header that is new, without the costly part,
// which is left as a job. Last is the verdict on the header before it in the
// same call. An error says nothing lasting about the header.
func (v *verifier) judge(h *ledger.Header, last *verdict) (*verdict, error) {
	parent := v.known[h.Prev]
	if parent == nil || parent != last && (!parent.decided() || parent.err != nil) {
		return nil, errForgotten
	}
	if err := praos.CheckTime(&v.network, h, time.Now()); err != nil {
		return nil, &follow.BadHeaderError{Point: h.Point(), Err: err}
	}
	job, state, err := v.v.Prepare(parent.state, h)
	if err != nil {
		var fault *praos.Error
		if !errors.As(err, &fault) || fault.Kind == praos.ErrUnchecked {
			return nil, err
		}
		return &verdict{done: closed, err: err}, nil
	}
	return &verdict{state: state, checks: job.Checks(), job: job, done: make(chan struct{})}, nil
}

// check does the jobs on all cores and settles the verdicts. Each is of a child
// of the one before, so that the first failure voids the rest.
func (v *verifier) check(ours []*verdict) {
	var next, failed atomic.Int64 // failed is the least index of those
	failed.Store(int64(len(ours)))
	var tasks sync.WaitGroup
	for range min(v.workers, len(ours)) {
		tasks.Go(func() {
			for i := next.Add(1) - 1; i < int64(len(ours)); i = next.Add(1) - 1 {
				d := ours[i]
				if i > failed.Load() {
					d.err = errVoid
				} else {
					d.err = d.job.Verify()
					v.checked.Add(1)
				}
				for least := failed.Load(); d.err != nil && i < least && !failed.CompareAndSwap(least, i); {
					least = failed.Load()
				}
				d.job = nil
				close(d.done)
			}
		})
	}
	tasks.Wait()
}
