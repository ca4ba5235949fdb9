package chaintest_test

import (
	"fmt"
	"testing"

	"github.com/ouronet/ouronet/chaintest"
	"github.com/ouronet/ouronet/internal/cbor"
	"github.com/ouronet/ouronet/ledger"
)

// Byron blocks have something of all that there is, so that a check which takes
// generated chains takes that.
func TestByronBodies(t *testing.T) {
	g := chaintest.NewGenerator(chaintest.Config{Network: shortEpochs(), Eras: []chaintest.Stretch{{Era: ledger.Byron}}})
	seen := make(map[string]int)
	for range 400 {
		b := g.Next()
		if err := b.CheckBody(); err != nil {
			t.Fatal(err)
		}
		r := cbor.NewReader(b.Raw)
		r.ArrayLen(2)
		r.Uint()
		r.ArrayLen(3)
		r.Raw() // header
		if b.Header.Raw.EBB {
			r.Raw() // leaders
			r.ArrayLen(1)
			seen[fmt.Sprintf("boundary extra data of %d", r.Map())]++
			continue
		}
		r.ArrayLen(4)
		for n := r.ArrayIndefinite(); r.More(&n); {
			r.ArrayLen(2)
			countTx(&r, seen)
			for n := r.Array(); r.More(&n); {
				r.ArrayLen(2)
				seen[fmt.Sprintf("witness %d", r.Uint())]++
				r.Raw()
			}
		}
		n := r.Array()
		seen[fmt.Sprintf("shared seed %d", r.Uint())]++
		for range n - 1 {
			r.Raw()
		}
		for n := r.ArrayIndefinite(); r.More(&n); {
			seen["certificate"]++
			r.Raw()
		}
		r.ArrayLen(2)
		if r.Array() == 1 {
			seen["proposal"]++
			r.Raw()
		}
		for n := r.ArrayIndefinite(); r.More(&n); {
			seen["vote"]++
			r.Raw()
		}
		if r.Err() != nil {
			t.Fatal(r.Err())
		}
	}
	for name, want := range map[string]int{
		"boundary extra data of 0": 1, "boundary extra data of 2": 1,
		"witness 0": 10, "witness 2": 10,
		"shared seed 0": 10, "shared seed 1": 10, "shared seed 2": 10, "shared seed 3": 10,
		"address 0": 10, "address 2": 10, "attribute 1": 10, "attribute 2": 10, "attribute 200": 10,
		"transaction attribute 3": 10, "transaction attribute 43": 10,
		"certificate": 10, "proposal": 10, "vote": 10,
	} {
		if seen[name] < want {
			t.Errorf("%s: %d, want at least %d", name, seen[name], want)
		}
	}
}

func countTx(r *cbor.Reader, seen map[string]int) {
	r.ArrayLen(3)
	r.Raw() // inputs
	for n := r.ArrayIndefinite(); r.More(&n); {
		r.ArrayLen(2)
		r.ArrayLen(2)
		a := cbor.NewReader(r.Encoded())
		r.Uint() // checksum
		r.Uint() // lovelace
		a.ArrayLen(3)
		a.Bytes()
		for n := a.Map(); a.More(&n); {
			seen[fmt.Sprintf("attribute %d", a.Uint())]++
			a.Bytes()
		}
		seen[fmt.Sprintf("address %d", a.Uint())]++
	}
	for n := r.Map(); r.More(&n); {
		seen[fmt.Sprintf("transaction attribute %d", r.Uint())]++
		r.Bytes()
	}
}
