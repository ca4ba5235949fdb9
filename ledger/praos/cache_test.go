package praos

import (
	"testing"

	"github.com/ouronet/ouronet/internal/crypto/forge"
	"github.com/ouronet/ouronet/ledger"
)

// Headers of ever more issuers do not fill the memory, and an issuer who comes
// often stays known.
func TestCacheLimit(t *testing.T) {
	c := newCache(4)
	often := c.get([32]byte{1})
	for i := range 100 {
		c.get([32]byte{2, byte(i)})
		if n := len(c.recent) + len(c.old); n > 8 {
			t.Fatalf("%d issuers are kept", n)
		}
		if i%3 == 0 && c.get([32]byte{1}) != often {
			t.Fatal("an issuer that comes again and again is new")
		}
	}
	if i := c.get([32]byte{2, 99}); i != c.get([32]byte{2, 99}) || i.coldKey != [32]byte{2, 99} || i.id != PoolIDOf(i.coldKey[:]) {
		t.Errorf("issuer %+v", i)
	}
	c = newCache(4)
	first := c.get([32]byte{3})
	for i := range 3 {
		c.get([32]byte{4, byte(i)})
	}
	if len(c.recent) != 4 || c.get([32]byte{3}) != first {
		t.Error("fewer issuers are kept than may be")
	}
	for i := range 8 {
		c.get([32]byte{5, byte(i)})
	}
	if c.get([32]byte{3}) == first {
		t.Error("an issuer that does not come again stays")
	}
}

// A certificate that was good is not checked again, and stands for no other.
func TestCertificateCache(t *testing.T) {
	i := newCache(1).get([32]byte(newKey(0)))
	hot := forge.NewKESKey([32]byte{2}).Public()
	certificate := func(hot []byte, counter, period uint64) *ledger.OCert {
		c := forge.Certify(key(0), hot, counter, period)
		return &ledger.OCert{HotKey: c.HotKey, Counter: c.Counter, KESPeriod: c.KESPeriod, Signature: c.Signature}
	}
	good := certificate(hot, 3, 4)
	if !i.certified(good) {
		t.Fatal("a good certificate is refused")
	}
	i.coldKey[5] ^= 1 // nothing is good for this key
	if !i.certified(good) {
		t.Error("a certificate that was good is checked again")
	}
	other := filled(9, 32)
	for name, o := range map[string]*ledger.OCert{
		"hot key":   {HotKey: other, Counter: 3, KESPeriod: 4, Signature: good.Signature},
		"number":    {HotKey: hot, Counter: 2, KESPeriod: 4, Signature: good.Signature},
		"period":    {HotKey: hot, Counter: 3, KESPeriod: 5, Signature: good.Signature},
		"signature": {HotKey: hot, Counter: 3, KESPeriod: 4, Signature: certificate(hot, 3, 5).Signature},
	} {
		if i.certified(o) {
			t.Errorf("another %s is good", name)
		}
	}
	if !i.certified(good) {
		t.Error("a bad certificate takes the place of the good one")
	}
	i.coldKey[5] ^= 1
	if !i.certified(certificate(other, 4, 9)) || !i.certified(good) {
		t.Error("one of two good certificates is refused")
	}
}

// A VRF key is made ready once, also one that is none.
func TestVRFKeyCache(t *testing.T) {
	i := newCache(1).get([32]byte{})
	a, b := forge.NewVRFKey([32]byte{1}).Public(), forge.NewVRFKey([32]byte{2}).Public()
	first := i.vrfKey(a)
	if first == nil || i.vrfKey(a) != first {
		t.Error("the same key is made ready twice")
	}
	if second := i.vrfKey(b); second == nil || second == first {
		t.Error("another key is the same")
	}
	if i.vrfKey(make([]byte, 32)) != nil || i.vrf.Load().bytes != [32]byte{} || i.vrfKey(make([]byte, 32)) != nil {
		t.Error("a key that is none is one, or forgotten")
	}
}

// The leaf of a hot key is looked for once an evolution, and made ready at the
// second signature; what it finds is what it finds without.
func TestLeafCache(t *testing.T) {
	i := newCache(1).get([32]byte{})
	hot, other := forge.NewKESKey([32]byte{1}), forge.NewKESKey([32]byte{2})
	message := []byte("header body")
	signed := func(public *forge.KESKey, signature []byte, evolution uint64) bool {
		return i.signed(&ledger.ShelleyHeader{
			OCert: ledger.OCert{HotKey: public.Public()}, Body: message, Signature: signature,
		}, evolution)
	}
	// bad are what must not pass, whatever is known.
	bad := func(when string) {
		t.Helper()
		before := i.leaf.Load()
		flipped := hot.Sign(0, message)
		flipped[10] ^= 1
		mixed := append(hot.Sign(0, message)[:64:64], hot.Sign(2, message)[64:]...)
		for name, got := range map[string]bool{
			"another evolution": signed(hot, hot.Sign(0, message), 1),
			"the sibling's":     signed(hot, hot.Sign(1, message), 0),
			"another key":       signed(other, hot.Sign(0, message), 0),
			"another's":         signed(hot, other.Sign(0, message), 0),
			"another message":   signed(hot, hot.Sign(0, []byte("other")), 0),
			"flipped":           signed(hot, flipped, 0),
			"another path":      signed(hot, mixed, 0),
			"no evolution":      signed(hot, hot.Sign(0, message), 64),
		} {
			if got {
				t.Errorf("%s: the signature of %s passes", when, name)
			}
		}
		if after := i.leaf.Load(); after != before && (after == nil || before == nil || after.key == nil || after.evolution != before.evolution) {
			t.Errorf("%s: a bad signature changes what is known", when)
		}
	}
	bad("at first")
	if !signed(hot, hot.Sign(0, message), 0) || i.leaf.Load() == nil || i.leaf.Load().key != nil {
		t.Fatal("first signature")
	}
	bad("after one")
	for range 2 {
		if !signed(hot, hot.Sign(0, message), 0) || i.leaf.Load().key == nil {
			t.Fatal("second signature")
		}
	}
	bad("after two")
	ready := i.leaf.Load()
	if !signed(hot, hot.Sign(0, message), 0) || i.leaf.Load() != ready {
		t.Error("the key is made ready again")
	}
	for _, evolution := range []uint64{1, 0, 2, 63} {
		if !signed(hot, hot.Sign(evolution, message), evolution) || i.leaf.Load() == ready || i.leaf.Load().evolution != evolution {
			t.Errorf("evolution %d", evolution)
		}
	}
	if !signed(other, other.Sign(63, message), 63) {
		t.Error("another hot key")
	}
}
