package interop_test

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"github.com/blinklabs-io/gouroboros/kes"
	"github.com/blinklabs-io/gouroboros/vrf"

	"github.com/ouronet/ouronet/internal/crypto/forge"
	ourkes "github.com/ouronet/ouronet/internal/crypto/kes"
	ourvrf "github.com/ouronet/ouronet/internal/crypto/vrf"
)

// Both find the same of proofs and outputs, good and damaged.
func TestVRFVerdicts(t *testing.T) {
	r := rand.NewChaCha8([32]byte{1})
	good := 0
	for range 300 {
		var seed [32]byte
		r.Read(seed[:])
		alpha := seed[:8+r.Uint64()%24]
		key := forge.NewVRFKey(seed)
		_, proof := key.Prove(alpha)
		if theirs, _, err := vrf.Prove(seed[:], alpha); err != nil || !bytes.Equal(theirs, proof[:]) {
			t.Fatalf("proof %x, theirs %x, %v", proof, theirs, err)
		}
		for change := range 4 {
			damaged := proof
			if change > 0 {
				damaged[r.Uint64()%80] ^= 1 << (r.Uint64() % 8)
			}
			output, ok := ourvrf.NewKey(key.Public()).Verify(alpha, damaged[:])
			theirs, err := vrf.VerifyAndHash(key.Public(), damaged[:], alpha)
			if ok != (err == nil) || ok && !bytes.Equal(output[:], theirs) {
				t.Errorf("key %x, input %x, proof %x: %v, theirs %v", key.Public(), alpha, damaged, ok, err)
			}
			if ok {
				good++
			}
		}
	}
	if good != 300 {
		t.Errorf("%d proofs hold, want 300", good)
	}
}

func TestKESVerdicts(t *testing.T) {
	r := rand.NewChaCha8([32]byte{2})
	key := forge.NewKESKey([32]byte{1})
	for e := range uint64(64) {
		message := make([]byte, e)
		r.Read(message)
		sig := key.Sign(e, message)
		for change := range 6 {
			damaged := bytes.Clone(sig)
			if change > 0 {
				damaged[r.Uint64()%uint64(len(sig))] ^= 1 << (r.Uint64() % 8)
			}
			for _, at := range []uint64{e, e ^ 1, e ^ 32} {
				ours := ourkes.Verify(key.Public(), at, message, damaged)
				if theirs := kes.VerifySignedKES(key.Public(), at, message, damaged); ours != theirs || ours != (change == 0 && at == e) {
					t.Errorf("evolution %d, change %d, checked at %d: %v, theirs %v", e, change, at, ours, theirs)
				}
			}
		}
	}
}
