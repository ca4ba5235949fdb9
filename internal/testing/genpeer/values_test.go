package genpeer_test

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"github.com/ouronet/ouronet/conformance"
	"github.com/ouronet/ouronet/internal/testing/genpeer"
)

// Every message of every mini-protocol is generated; what is generated can be
// decoded and is encoded again to the same bytes.
func TestValues(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, spec := range conformance.Protocols() {
		for _, s := range spec.States {
			for _, e := range s.Edges {
				label := e.Msg.Label()
				for range 200 {
					m := genpeer.Value(r, spec.Name, label)
					if m == nil || m.Label() != label {
						t.Fatalf("%s %s: generated %v", spec.Name, label, m)
					}
					raw := m.AppendCBOR(nil)
					got, err := e.Msg.Decode(raw)
					if err != nil || got.Label() != label || !bytes.Equal(got.AppendCBOR(nil), raw) {
						t.Fatalf("%s %s: %x became %v, %v", spec.Name, label, raw, got, err)
					}
				}
			}
		}
	}
}
