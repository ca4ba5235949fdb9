package kes_test

import (
	"bytes"
	"testing"

	"github.com/ouronet/ouronet/internal/forge"
	"github.com/ouronet/ouronet/internal/kes"
)

func TestLeaf(t *testing.T) {
	key := forge.NewKESKey([32]byte{1})
	a, b := key.Sign(9, []byte("a")), key.Sign(9, []byte("b"))
	if bytes.Equal(kes.LeafSignature(a), kes.LeafSignature(b)) || !bytes.Equal(kes.Path(a), kes.Path(b)) {
		t.Error("not the path alone is common to signatures of an evolution")
	}
	leaf, ok := kes.Leaf(key.Public(), 9, a)
	if !ok || !bytes.Equal(leaf, kes.Path(a)[32:64]) { // 9 is odd
		t.Errorf("leaf %x, %v", leaf, ok)
	}
	if _, ok := kes.Leaf(key.Public(), 8+kes.Evolutions, a); ok {
		t.Error("found an evolution after the last")
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
