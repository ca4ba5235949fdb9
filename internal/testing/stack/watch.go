package stack

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/ouronet/ouronet/chain"
	"github.com/ouronet/ouronet/internal/testing/sim"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/node"
	"github.com/ouronet/ouronet/node/follow"
	"github.com/ouronet/ouronet/protocol"
	"github.com/ouronet/ouronet/vnet"
)

// watch is the oracles and the trace. Its methods may overlap.
type watch struct {
	s *stage

	mu     sync.Mutex
	r      Result
	chains []sim.Ledger[ledger.Point] // that relays have handed on; Bare until the first event says where one starts
	blamed []int                      // by participant
	bad    bool                       // the network holds up what goes over it
}

func (w *watch) begin(s *stage) {
	w.s = s
	w.r.Traces, w.r.Steps = make(map[string][]Line), make(map[string][]sim.Step)
	w.chains = make([]sim.Ledger[ledger.Point], len(s.plot.Manners))
	for i := range w.chains {
		w.chains[i].K = int(s.tree.Network.SecurityParam)
		w.chains[i].Begin([]ledger.Point{ledger.Origin}, 0)
	}
	w.blamed = make([]int, len(s.plot.Manners))
	// What has been written stands before the next header: large blocks on a
	// slow line for longer than a peer has time.
	w.bad = s.plot.Scenario.Heavy
	for _, f := range s.plot.Faults {
		w.bad = w.bad || f.Kind == sim.Part || f.Kind == sim.Delay
	}
}

func (w *watch) fail(format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.failLocked(format, args...)
}

func (w *watch) failLocked(format string, args ...any) {
	w.r.Failures = append(w.r.Failures, fmt.Sprintf("after %v: ", w.s.net.Now())+fmt.Sprintf(format, args...))
}

func (w *watch) line(name string, at time.Duration, format string, args ...any) {
	w.r.Traces[name] = append(w.r.Traces[name], Line{at, fmt.Sprintf(format, args...)})
}

// network takes down what happens on the network.
func (w *watch) network(e vnet.Event) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.r.Events++
	what := e.What
	if n := len(e.Data); n > 0 {
		what += fmt.Sprintf(" %x", e.Data[:min(n, 24)])
		if n > 24 {
			what += fmt.Sprintf(".. %d bytes, %x", n, hash(e.Data))
		}
	}
	for _, host := range []string{e.From, e.To} {
		w.line(host, e.At, "#%d %s>%s %s", e.Conn, e.From, e.To, what)
	}
}

func hash(b []byte) []byte {
	h := sha256.Sum256(b)
	return h[:8]
}

// decisions takes down the steps of a relay's core.
type decisions struct {
	w    *watch
	host string
	also follow.Decisions // or nil
}

// Step implements follow.Decisions.
func (d *decisions) Step(event, effects []byte) error {
	if d.also != nil {
		if err := d.also.Step(event, effects); err != nil {
			return err
		}
	}
	w, host := d.w, d.host
	w.mu.Lock()
	defer w.mu.Unlock()
	w.r.Steps[host] = append(w.r.Steps[host], sim.Step{Input: bytes.Clone(event), Effects: sha256.Sum256(effects)})
	what := "starts"
	if in, err := chain.ParseInput(event); err == nil && in.Event != nil {
		what = strings.TrimPrefix(fmt.Sprintf("%T", in.Event), "chain.")
	}
	w.line(host, w.s.net.Now(), "core: %s %s gives %s", what, brief(event), brief(effects))
	return nil
}

func brief(b []byte) string {
	if len(b) <= 24 {
		return fmt.Sprintf("%x", b)
	}
	return fmt.Sprintf("%x..%x", b[:16], hash(b))
}

// started begins a new run of a relay.
func (w *watch) started(i int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.chains[i].Bare = true
}

// event checks what a relay hands on: no block twice, none that does not fit or
// that nobody made; rollbacks to blocks of its chain only, at most k deep.
func (w *watch) event(i int, ev follow.Event) {
	w.mu.Lock()
	defer w.mu.Unlock()
	c := &w.chains[i]
	var err error
	switch ev := ev.(type) {
	case follow.RollForward:
		h := &ev.Block.Header
		id, ok := w.s.tree.Find(h.Point())
		err = c.Adopt(h.Point(), h.PrevIs(c.Tip()), true, 0)
		switch {
		case !ok || !bytes.Equal(ev.Block.Raw, w.s.tree.Blocks[id].Raw):
			w.failLocked("ledger: %s: block %v is not one that was made", name(i), h.Point())
		case w.s.rotten(id):
			w.failLocked("ledger: %s: block %v is not valid", name(i), h.Point())
		}
		w.r.Adopted++
	case follow.RollBackward:
		if _, err = c.RollBack(ev.To.Point); !c.Bare {
			w.r.RolledBack++
		}
	}
	if err != nil {
		w.failLocked("ledger: %s: %v", name(i), err)
	}
	c.Bare = false
}

// lost checks who is blamed for the end of a connection.
func (w *watch) lost(i int, address string, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.r.Lost++
	w.r.Ends = append(w.r.Ends, fmt.Sprintf("%v %s of %s: %v", w.s.net.Now(), name(i), address, err))
	p := w.s.participant(address)
	if !node.Blame(err) || w.bad && errors.Is(err, protocol.ErrTimeout) {
		return
	}
	w.r.Blamed++
	w.blamed[p]++
	if m := w.s.plot.Manners[p]; m < sim.Silent || m == sim.Credulous {
		w.failLocked("blame: %s blames %s (%v): %v", name(i), name(p), m, err)
	}
}

// result closes the books.
func (w *watch) result(s *stage) *Result {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.r.Time = s.net.Now()
	for i, p := range s.peers {
		if p == nil {
			continue
		}
		w.r.Lies += p.lies
		w.r.Transactions += len(p.txs)
		if p.lies > 2 && w.blamed[i] == 0 {
			w.failLocked("blame: %s told %d lies and was not blamed", name(i), p.lies)
		}
		for id := range p.txs { // any order
			if !slices.ContainsFunc(s.tree.Txs, func(tx ledger.Tx) bool { return tx.ID == id }) {
				w.failLocked("txs: %s has %v, which nobody submitted", name(i), id)
			}
		}
	}
	return &w.r
}

// Failure returns all failures in one text, or "".
func (r *Result) Failure() string { return strings.Join(r.Failures, "\n") }
