package genpeer_test

import (
	"flag"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ouronet/ouronet/conformance"
	"github.com/ouronet/ouronet/internal/testing/genpeer"
	"github.com/ouronet/ouronet/protocol"
)

// seeds is how many conversations each kind of peer has.
var seeds = flag.Uint64("seeds", 60, "conversations with each kind of peer")

// each calls f for both sides of every mini-protocol.
func each(t *testing.T, f func(t *testing.T, spec *protocol.Spec, role protocol.Role)) {
	for _, spec := range conformance.Protocols() {
		for _, role := range []protocol.Role{protocol.Initiator, protocol.Responder} {
			t.Run(spec.Name+" "+role.String(), func(t *testing.T) { f(t, spec, role) })
		}
	}
}

// Random legal peers, over the real mux: no driver finds fault with any, and no
// driver does anything that a peer would find fault with.
func TestLegalPeers(t *testing.T) {
	each(t, func(t *testing.T, spec *protocol.Spec, role protocol.Role) {
		said := 0
		for seed := range *seeds {
			synctest.Test(t, func(t *testing.T) {
				o := converse(t, spec, spec, role, genpeer.Legal, seed)
				if _, err := verdict(o, spec, genpeer.Legal); err != nil {
					t.Errorf("seed %d: %v", seed, err)
				}
				said += o.said
			})
		}
		t.Logf("%d messages of legal peers", said)
	})
}

// Peers that break the protocol at some step are found out, each for what it
// did and, if it was silent, when it had been for as long as the table says.
func TestIllegalPeers(t *testing.T) {
	each(t, func(t *testing.T, spec *protocol.Spec, role protocol.Role) {
		for _, fault := range genpeer.Faults {
			if fault == genpeer.Surplus && conformance.Asks(spec) != role {
				continue // requests may come ahead of answers
			}
			t.Run(fault.String(), func(t *testing.T) {
				found := 0
				for seed := range *seeds {
					synctest.Test(t, func(t *testing.T) {
						ok, err := verdict(converse(t, spec, spec, role, fault, seed), spec, fault)
						if err != nil {
							t.Errorf("seed %d: %v", seed, err)
						}
						if ok {
							found++
						}
					})
				}
				if (found > 0) != possible(spec, role.Peer(), fault) {
					t.Errorf("%d found out, although the table leaves room for the fault: %t", found, found == 0)
				}
			})
		}
	})
}

// possible reports whether a role can commit a fault in any of its states.
func possible(spec *protocol.Spec, role protocol.Role, fault genpeer.Fault) bool {
	for i, s := range spec.States {
		if s.Agency != role {
			continue
		}
		ok := true
		switch fault {
		case genpeer.WrongMessage:
			ok = len(genpeer.Foreign(spec, protocol.StateID(i), role)) > 0
		case genpeer.WrongAgency:
			ok = len(genpeer.Foreign(spec, protocol.StateID(i), role.Peer())) > 0
		case genpeer.TooLate:
			ok = s.Timeout != protocol.Timeout{}
		}
		if ok {
			return true
		}
	}
	return false
}

// A driver that follows another table than its peers is noticed, whatever it is
// that differs.
func TestPlantedDrivers(t *testing.T) {
	each(t, func(t *testing.T, spec *protocol.Spec, role protocol.Role) {
		for i, s := range spec.States {
			if s.Agency != role.Peer() {
				continue
			}
			for _, p := range []struct {
				what   string
				fault  genpeer.Fault
				change func(*protocol.State)
			}{
				{"longer time limit", genpeer.TooLate, func(s *protocol.State) { s.Timeout = protocol.After(s.Timeout.Max + time.Second) }},
				{"no time limit", genpeer.TooLate, func(s *protocol.State) { s.Timeout = protocol.Timeout{} }},
				{"shorter time limit", genpeer.TooLate, func(s *protocol.State) { s.Timeout = protocol.After(s.Timeout.Min / 2) }},
				{"message missing", genpeer.Legal, func(s *protocol.State) { s.Edges = s.Edges[1:] }},
			} {
				if (p.fault == genpeer.TooLate && s.Timeout == protocol.Timeout{}) {
					continue
				}
				own := fresh(spec.ID)
				p.change(&own.States[i])
				noticed := false
				for seed := uint64(0); seed < 200 && !noticed; seed++ { // far more than it takes
					synctest.Test(t, func(t *testing.T) {
						_, err := verdict(converse(t, own, spec, role, p.fault, seed), spec, p.fault)
						noticed = err != nil
					})
				}
				if !noticed {
					t.Errorf("%s in %s: not noticed", p.what, s.Name)
				}
			}
		}
	})
}

// fresh returns a table of its own.
func fresh(id uint16) *protocol.Spec {
	for _, spec := range conformance.Protocols() {
		if spec.ID == id {
			return spec
		}
	}
	return nil
}
