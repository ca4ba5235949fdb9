package praos

import (
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
)

// A map that is never changed behaves like Go's, and so do all before it.
func TestCounterMap(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	id := func() (p PoolID) {
		n := r.IntN(300)
		p[len(p)-1], p[0] = byte(n), byte(n>>8) // most have all but the last digits in common
		return p
	}
	var m Counters = CounterMap{}
	model := make(map[PoolID]uint64)
	type past struct {
		m     Counters
		model map[PoolID]uint64
	}
	var pasts []past
	for i := range 1000 {
		p, n := id(), r.Uint64()
		m = m.With(p, n)
		model[p] = n
		if i%100 == 0 {
			pasts = append(pasts, past{m, maps.Clone(model)})
		}
	}
	for _, past := range append(pasts, past{m, model}) {
		got := maps.Collect(past.m.(CounterMap).All())
		if !maps.Equal(got, past.model) || past.m.(CounterMap).Len() != len(past.model) {
			t.Fatalf("%d issuers, want %d", len(got), len(past.model))
		}
		for p, n := range past.model {
			if got, ok := past.m.Last(p); !ok || got != n {
				t.Fatalf("issuer %v has %d, %v; want %d", p, got, ok, n)
			}
		}
		if _, ok := past.m.Last(PoolID{0, 1, 2}); ok {
			t.Error("found an issuer that is not there")
		}
	}
	var ids []string
	for p := range m.(CounterMap).All() {
		ids = append(ids, string(p[:]))
	}
	if !slices.IsSorted(ids) {
		t.Error("not in the order of ids")
	}
	for range m.(CounterMap).All() {
		break
	}
}

func BenchmarkCounterMap(b *testing.B) {
	var m Counters = CounterMap{}
	for i := range 3000 {
		m = m.With(PoolIDOf([]byte{byte(i), byte(i >> 8)}), 1)
	}
	p := PoolIDOf([]byte{1, 2})
	b.ReportAllocs()
	for b.Loop() {
		m = m.With(p, 2)
	}
}
