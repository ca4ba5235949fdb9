package kes_test

import (
	"bytes"
	"testing"

	"github.com/ouronet/ouronet/internal/crypto/eddsa"
	"github.com/ouronet/ouronet/internal/crypto/forge"
	"github.com/ouronet/ouronet/internal/crypto/kes"
)

func TestLeaf(t *testing.T) {
	key := forge.NewKESKey([32]byte{1})
	a, b := key.Sign(9, []byte("a")), key.Sign(9, []byte("b"))
	if bytes.Equal(kes.LeafSignature(a), kes.LeafSignature(b)) || !bytes.Equal(kes.Path(a), kes.Path(b)) {
		t.Error("not the path alone is common to signatures of an evolution")
	}
	if !bytes.Equal(append(bytes.Clone(kes.LeafSignature(a)), kes.Path(a)...), a) || len(kes.LeafSignature(a)) != 64 {
		t.Error("a signature is not the leaf's and the path")
	}
	for e := range uint64(kes.Evolutions) {
		sig := key.Sign(e, nil)
		leaf, ok := kes.Leaf(key.Public(), e, sig)
		if right := int(e) & 1; !ok || !bytes.Equal(leaf, kes.Path(sig)[32*right:][:32]) || !eddsa.Verify(leaf, nil, kes.LeafSignature(sig)) {
			t.Errorf("evolution %d: leaf %x, %v", e, leaf, ok)
		}
	}
}

// cardano-node refuses a genesis file that lets a key sign at 64 evolutions or
// more after the first, so it has no verdict on these.
func TestEvolutions(t *testing.T) {
	key := forge.NewKESKey([32]byte{1})
	for _, e := range []uint64{64, 65, 9 + 64, 127, 1 << 32, 1 << 63, ^uint64(0)} {
		sig := key.Sign(e%64, nil)
		if leaf, ok := kes.Leaf(key.Public(), e, sig); ok || leaf != nil {
			t.Errorf("found the leaf %x of evolution %d", leaf, e)
		}
		if kes.Verify(key.Public(), e, nil, sig) {
			t.Errorf("a signature holds at evolution %d", e)
		}
	}
}

// Each pair of keys must have the hash that the pair above, or the key, says:
// also the half that does not lead to the leaf.
func TestPath(t *testing.T) {
	key := forge.NewKESKey([32]byte{1})
	for _, e := range []uint64{0, 21, 42, 63} {
		sig := key.Sign(e, nil)
		for i := kes.SignatureSize - len(kes.Path(sig)); i < len(sig); i++ {
			bad := bytes.Clone(sig)
			bad[i] ^= 0x10
			if leaf, ok := kes.Leaf(key.Public(), e, bad); ok || leaf != nil {
				t.Fatalf("evolution %d: byte %d of the path does not count", e, i)
			}
		}
		for i := range key.Public() {
			bad := bytes.Clone(key.Public())
			bad[i] ^= 0x10
			if _, ok := kes.Leaf(bad, e, sig); ok {
				t.Fatalf("evolution %d: byte %d of the key does not count", e, i)
			}
		}
	}
}

func TestSizes(t *testing.T) {
	key := forge.NewKESKey([32]byte{1})
	sig := key.Sign(3, nil)
	if len(sig) != 448 {
		t.Errorf("signatures of %d bytes, want 448", len(sig))
	}
	for _, n := range []int{0, 31, 32, 33, 64} {
		other := append(bytes.Clone(key.Public()), key.Public()...)[:n]
		if _, ok := kes.Leaf(other, 3, sig); ok != (n == 32) || kes.Verify(other, 3, nil, sig) != ok {
			t.Errorf("a key of %d bytes: %v", n, ok)
		}
	}
	for _, n := range []int{0, 63, 64, 384, 447, 448, 449, 512} {
		other := append(bytes.Clone(sig), sig...)[:n]
		if _, ok := kes.Leaf(key.Public(), 3, other); ok != (n == 448) || kes.Verify(key.Public(), 3, nil, other) != ok {
			t.Errorf("a signature of %d bytes: %v", n, ok)
		}
	}
}

func FuzzVerify(f *testing.F) {
	key := forge.NewKESKey([32]byte{1})
	message := []byte("message")
	for _, e := range []uint64{0, 1, 33, 63} {
		f.Add(key.Public(), e, message, key.Sign(e, message))
	}
	f.Fuzz(func(t *testing.T, public []byte, e uint64, m, sig []byte) {
		if !kes.Verify(public, e, m, sig) {
			return
		}
		if !bytes.Equal(public, key.Public()) || !bytes.Equal(m, message) || e >= kes.Evolutions || !bytes.Equal(sig, key.Sign(e, m)) {
			t.Errorf("key %x, evolution %d, message %q: %x accepted", public, e, m, sig)
		}
	})
}

func BenchmarkVerify(b *testing.B) {
	b.ReportAllocs()
	key := forge.NewKESKey([32]byte{1})
	message := make([]byte, 400)
	sig := key.Sign(5, message)
	for b.Loop() {
		kes.Verify(key.Public(), 5, message, sig)
	}
}
