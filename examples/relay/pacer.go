package main

import (
	"encoding/json"
	"sync"
	"time"
)

// statusEvery is how often the status is an event at most, and statusAtLeast how
// often it is one although nothing changed.
const (
	statusEvery   = time.Second
	statusAtLeast = time.Minute
)

// pacer decides when the status is an event.
type pacer struct {
	told time.Time
	last string // facts then
}

// due reports whether to print the status now, and records that it was printed.
func (p *pacer) due(now time.Time, st *status) bool {
	age := now.Sub(p.told)
	if age < statusEvery {
		return false
	}
	facts := st.facts()
	if facts == p.last && age < statusAtLeast {
		return false
	}
	p.told, p.last = now, facts
	return true
}

// facts is what of a status does not change by itself as time passes. Of the rate it
// is whether there is one.
func (s *status) facts() string {
	f := *s
	f.Behind, f.ETA, f.ByteRate = nil, nil, 0
	if f.BlockRate > 0 {
		f.BlockRate = 1
	}
	f.Upstream = append([]peer(nil), s.Upstream...)
	for i := range f.Upstream {
		f.Upstream[i].RTT = nil
	}
	b, _ := json.Marshal(event{status: &f}.at(f.tip)) // all fields have an encoding
	return string(b)
}

// tally counts what each peer sent.
type tally struct {
	mu    sync.Mutex
	peers map[string]*peer
	last  *float64 // delay of the last new block, in seconds
}

// block counts a block that was adopted.
func (t *tally) block(from string, bytes int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.peers == nil {
		t.peers = make(map[string]*peer)
	}
	p := t.peers[from]
	if p == nil { // one of those that are followed: there are few
		p = new(peer)
		t.peers[from] = p
	}
	p.Blocks++
	p.Bytes += int64(bytes)
}

// delay takes the delay of a new block.
func (t *tally) delay(seconds float64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.last = &seconds
}

// add puts the counts into a status.
func (t *tally) add(st *status) {
	t.mu.Lock()
	defer t.mu.Unlock()
	st.Delay = t.last
	for i := range st.Upstream {
		if p := t.peers[st.Upstream[i].Address]; p != nil {
			st.Upstream[i].Blocks, st.Upstream[i].Bytes = p.Blocks, p.Bytes
		}
	}
}
