package praos

import (
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/ouronet/ouronet/ledger"
)

// benchJobs prepares real headers of TPraos or Praos, and warms the caches as a
// chain that is followed does.
func benchJobs(b *testing.B, folder string, from, n int) (v *Verifier, states []State, hs []*ledger.Header) {
	b.Helper()
	hs = headers(b, ledger.Preview, folder, from+n)
	v = verifier(b, Config{Network: ledger.Preview})
	s := Origin(ledger.Preview)
	if folder == "preview-immutable-late" {
		s = lateState(b, hs[0])
	}
	for _, h := range hs {
		states = append(states, s)
		job, next, err := v.Prepare(s, h)
		if err != nil {
			b.Fatal(err)
		}
		if len(states) > from {
			if err := job.Verify(); err != nil {
				b.Fatal(err)
			}
		}
		s = next
	}
	return v, states[from:], hs[from:]
}

var benchSets = []struct {
	name, folder string
	from, n      int
}{
	{"TPraos", "preview-immutable", 1000, 2000},
	{"Praos", "preview-immutable-late", 0, 2000},
}

// One core, header by header, in the order of the chain.
func BenchmarkVerify(b *testing.B) {
	for _, set := range benchSets {
		b.Run(set.name, func(b *testing.B) {
			v, states, hs := benchJobs(b, set.folder, set.from, set.n)
			b.ReportAllocs()
			i := 0
			for b.Loop() {
				if _, _, err := v.Verify(states[i], hs[i]); err != nil {
					b.Fatal(err)
				}
				i = (i + 1) % len(hs)
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "headers/s")
		})
	}
}

// The first pass over headers, when no key is known yet.
func BenchmarkCold(b *testing.B) {
	for _, set := range benchSets {
		b.Run(set.name, func(b *testing.B) {
			_, states, hs := benchJobs(b, set.folder, set.from, set.n)
			b.ReportAllocs()
			var v *Verifier
			i := 0
			for b.Loop() {
				if i == 0 {
					v = verifier(b, Config{Network: ledger.Preview})
				}
				if _, _, err := v.Verify(states[i], hs[i]); err != nil {
					b.Fatal(err)
				}
				i = (i + 1) % len(hs)
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "headers/s")
		})
	}
}

// What each part of a Praos header costs.
func BenchmarkShare(b *testing.B) {
	v, states, hs := benchJobs(b, "preview-immutable-late", 0, 1000)
	jobs := make([]*Job, len(hs))
	for i, h := range hs {
		var err error
		if jobs[i], _, err = v.Prepare(states[i], h); err != nil {
			b.Fatal(err)
		}
	}
	for _, part := range []struct {
		name string
		do   func(i int) bool
	}{
		{"parse", func(i int) bool { _, err := ledger.Preview.ParseHeader(hs[i].Raw); return err == nil }},
		{"prepare", func(i int) bool { _, _, err := v.Prepare(states[i], hs[i]); return err == nil }},
		{"certificate", func(i int) bool { return jobs[i].issuer.certified(&jobs[i].shelley.OCert) }},
		{"KES", func(i int) bool { return jobs[i].issuer.signed(&jobs[i].shelley, jobs[i].evolution) }},
		{"VRF", func(i int) bool { return jobs[i].verifyVRF() == nil }},
		{"bound", func(i int) bool { return jobs[i].verifyBound() == nil }},
	} {
		b.Run(part.name, func(b *testing.B) {
			b.ReportAllocs()
			i := 0
			for b.Loop() {
				if !part.do(i) {
					b.Fatal("refused")
				}
				i = (i + 1) % len(hs)
			}
		})
	}
}

// Several cores: one prepares in order, all verify.
func BenchmarkCores(b *testing.B) {
	v, states, hs := benchJobs(b, "preview-immutable-late", 0, 2000)
	for cores := 1; cores <= runtime.NumCPU(); cores *= 2 {
		b.Run(fmt.Sprint(cores), func(b *testing.B) {
			var next atomic.Int64
			var wg sync.WaitGroup
			b.ResetTimer()
			for range cores {
				wg.Go(func() {
					for {
						i := next.Add(1) - 1
						if i >= int64(b.N) {
							return
						}
						at := int(i) % len(hs)
						if _, _, err := v.Verify(states[at], hs[at]); err != nil {
							b.Error(err)
							return
						}
					}
				})
			}
			wg.Wait()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "headers/s")
		})
	}
}
