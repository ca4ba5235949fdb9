package genpeer_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/ouronet/ouronet/chaintest"
	"github.com/ouronet/ouronet/conformance"
	"github.com/ouronet/ouronet/internal/cbor"
	"github.com/ouronet/ouronet/internal/testing/fuzz"
	"github.com/ouronet/ouronet/internal/testing/genpeer"
	"github.com/ouronet/ouronet/internal/testing/pipe"
	"github.com/ouronet/ouronet/protocol"
)

// script is a transport on which the other side says the items of wire, each
// when somebody waits for it, so that answers do not come before questions.
type script struct {
	wire  []byte
	piece int // bytes that come at once, at most
	left  int // of the item that has begun
	buf   []byte
	err   error
	ready chan struct{}
}

func newScript(wire []byte, piece int) *script {
	s := &script{wire: wire, piece: max(piece, 1), ready: make(chan struct{})}
	close(s.ready)
	return s
}

func (s *script) Send(context.Context, []byte, []byte) error { return nil }
func (s *script) Consume(n int)                              { s.buf = s.buf[n:] }

func (s *script) Peek(seen int) ([]byte, error) {
	if len(s.buf) > seen {
		return s.buf, nil
	}
	return s.buf, s.err
}

func (s *script) Ready() <-chan struct{} {
	if len(s.wire) == 0 {
		s.err = io.EOF
		return s.ready
	}
	if s.left == 0 {
		var scan cbor.Scanner
		n, done, _ := scan.Scan(s.wire)
		if s.left = n; !done {
			s.left = len(s.wire)
		}
	}
	n := min(s.left, s.piece)
	s.buf = append(s.buf, s.wire[:n]...)
	s.wire = s.wire[n:]
	s.left -= n
	return s.ready
}

// heard notes what comes over a transport.
type heard struct {
	protocol.Transport
	all []byte
}

func (h *heard) Consume(n int) {
	b, _ := h.Peek(0)
	h.all = append(h.all, b[:n]...)
	h.Transport.Consume(n)
}

// conversation runs a driver against a legal peer and returns what the peer
// said.
func conversation(t *testing.T, spec *protocol.Spec, role protocol.Role, seed uint64) []byte {
	a, b := pipe.New()
	h := &heard{Transport: a}
	author, err := genpeer.NewAuthor(world(seed), spec, role.Peer())
	if err != nil {
		t.Fatal(err)
	}
	p := &genpeer.Peer{Spec: spec, Role: role.Peer(), Author: author, Rand: rand.New(rand.NewPCG(seed, 2)), Steps: 12}
	var tasks sync.WaitGroup
	tasks.Go(func() {
		p.Run(t.Context(), b)
		b.Close()
	})
	drivers[spec.ID][role-1](t.Context(), spec, h, rand.New(rand.NewPCG(seed, 1)))
	a.Close()
	tasks.Wait()
	return h.all
}

func world(seed uint64) *genpeer.World {
	r := rand.New(rand.NewPCG(seed, 3))
	return &genpeer.World{Rand: r, Magic: magic, Network: chaintest.Network(), Blocks: chain, Txs: txs}
}

var update = flag.Bool("update", false, "make the seeds of FuzzDrivers anew")

// What legal peers said to drivers is the corpus of FuzzDrivers; said again, it
// is still nothing to find fault with.
func TestSeeds(t *testing.T) {
	for i, spec := range conformance.Protocols() {
		for _, role := range []protocol.Role{protocol.Initiator, protocol.Responder} {
			path := filepath.Join("testdata", "fuzz", "FuzzDrivers", fmt.Sprintf("legal-%s-%v", spec.Name, role))
			const seed = 2
			synctest.Test(t, func(t *testing.T) {
				if *update {
					wire := conversation(t, spec, role, seed)
					wire = wire[:min(len(wire), 4000)]
					if err := os.WriteFile(path, fuzz.Entry(uint8(2*i)+uint8(role-1), uint64(seed), uint8(255), wire), 0o666); err != nil {
						t.Fatal(err)
					}
				}
				file, err := os.ReadFile(path)
				if err != nil {
					t.Fatal(err)
				}
				values, err := fuzz.Values(file)
				if err != nil || len(values) != 4 || len(values[3]) == 0 {
					t.Fatalf("%s: %d values, %v", path, len(values), err)
				}
				err = drivers[spec.ID][role-1](t.Context(), spec, newScript(values[3], 255), rand.New(rand.NewPCG(seed, 1)))
				if err != nil && !errors.Is(err, io.EOF) {
					t.Errorf("%s: %v", path, err)
				}
			})
		}
	}
}

// FuzzDrivers feeds any bytes to the real driver of either side of each
// mini-protocol. It ends, and either finds fault with them or meets their end.
func FuzzDrivers(f *testing.F) {
	specs := conformance.Protocols()
	f.Fuzz(func(t *testing.T, which uint8, seed uint64, piece uint8, wire []byte) {
		spec, role := specs[int(which/2)%len(specs)], protocol.Initiator+protocol.Role(which%2)
		synctest.Test(t, func(t *testing.T) {
			fuzz.Bound(t, 2<<20+1000*len(wire), func() {
				s := newScript(wire, int(piece))
				err := drivers[spec.ID][role-1](t.Context(), spec, s, rand.New(rand.NewPCG(seed, 1)))
				if err != nil && !protocol.IsPeerFault(err) && !errors.Is(err, io.EOF) {
					t.Errorf("%s %v: %v", spec.Name, role, err)
				}
			})
		})
	})
}

// FuzzPeers feeds any bytes to a generated peer, as a foreign node may do when
// the conformance suite looks at it.
func FuzzPeers(f *testing.F) {
	specs := conformance.Protocols()
	kept, _ := filepath.Glob(filepath.Join("testdata", "fuzz", "FuzzDrivers", "legal-*"))
	for i, path := range kept {
		file, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		if values, err := fuzz.Values(file); err == nil && len(values) == 4 {
			f.Add(uint8(i), uint64(0), uint8(255), values[3])
		}
	}
	f.Fuzz(func(t *testing.T, which uint8, seed uint64, piece uint8, wire []byte) {
		spec, role := specs[int(which/2)%len(specs)], protocol.Initiator+protocol.Role(which%2)
		author, err := genpeer.NewAuthor(world(seed), spec, role)
		if err != nil {
			t.Fatal(err)
		}
		fault := genpeer.Fault(seed % uint64(len(genpeer.Faults)+1))
		p := &genpeer.Peer{Spec: spec, Role: role, Author: author, Rand: rand.New(rand.NewPCG(seed, 2)),
			Fault: fault, At: int(seed>>8) % 8, Ahead: int(seed>>16) % 8, Steps: 30}
		synctest.Test(t, func(t *testing.T) {
			err := p.Run(t.Context(), newScript(wire, int(piece)))
			var broken *genpeer.Broken
			if errors.As(err, &broken) && int(broken.State) >= len(spec.States) {
				t.Errorf("broken in state %d", broken.State)
			}
		})
	})
}
