package vrf

import (
	"bytes"
	"runtime"
	"testing"

	"github.com/ouronet/ouronet/internal/testing/golden"
	"github.com/ouronet/ouronet/internal/testing/testenv"
)

// Vectors of the drafts ("standard") and of the Haskell node's library. The
// inputs are in hex, as is all else.
var vectors = []struct {
	name, key, alpha, proof, output string
}{
	{
		"03 standard 10", "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
		"b6b4699f87d56126c9117a7da55bd0085246f4c56dbc95d20172612e9d38e8d7ca65e573a126ed88d4e30a46f80a666854d675cf3ba81de0de043c3774f061560f55edc256a787afe701677c0f602900",
		"5b49b554d05c0cd5a5325376b3387de59d924fd1e13ded44648ab33c21349a603f25b84ec5ed887995b33da5e3bfcb87cd2f64521c4c62cf825cffabbe5d31cc",
	},
	{
		"03 standard 11", "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
		"ae5b66bdf04b4c010bfe32b2fc126ead2107b697634f6f7337b9bff8785ee111200095ece87dde4dbe87343f6df3b107d91798c8a7eb1245d3bb9c5aafb093358c13e6ae1111a55717e895fd15f99f07",
		"94f4487e1b2fec954309ef1289ecb2e15043a2461ecc7b2ae7d4470607ef82eb1cfa97d84991fe4a7bfdfd715606bc27e2967a6c557cfb5875879b671740b7d8",
	},
	{
		"03 generated 1", "3b6a27bcceb6a42d62a3a8d02a6f0d73653215771de243a63ac048a18b59da29", "00",
		"000f006e64c91f84212919fe0899970cd341206fc081fe599339c8492e2cea3299ae9de4b6ce21cda0a975f65f45b70f82b3952ba6d0dbe11a06716e67aca233c0d78f115a655aa1952ada9f3d692a0a",
		"9930b5dddc0938f01cf6f9746eded569ee676bd6ff3b4f19233d74b903ec53a45c5728116088b7c622b6d6c354f7125c7d09870b56ec6f1e4bf4970f607e04b2",
	},
	{
		"03 generated 2", "3b6a27bcceb6a42d62a3a8d02a6f0d73653215771de243a63ac048a18b59da29", "00010203040506070809",
		"0031f929352875995e3d55c4abdac7bfb92e706beb182999dd7d78f61e1bdc3f83b746a9ae6caee317a7c47597ece1801799c06ca2180cdb5392677cd8815353c1d0d5691956b3be52b322be049fc20c",
		"ca4171883d173a3f03bdb87c45ce349f0bb168ca8171d64f9b9aeaf20d0869bab9f74e819ccdc6754656468ccc2aa85e5f903a31375a39be84464fa515b51512",
	},
	{
		"13 standard 10", "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
		"7d9c633ffeee27349264cf5c667579fc583b4bda63ab71d001f89c10003ab46f762f5c178b68f0cddcc1157918edf45ec334ac8e8286601a3256c3bbf858edd94652eba1c4612e6fce762977a59420b451e12964adbe4fbecd58a7aeff5860afcafa73589b023d14311c331a9ad15ff2fb37831e00f0acaa6d73bc9997b06501",
		"9d574bf9b8302ec0fc1e21c3ec5368269527b87b462ce36dab2d14ccf80c53cccf6758f058c5b1c856b116388152bbe509ee3b9ecfe63d93c3b4346c1fbc6c54",
	},
	{
		"13 generated 1", "3b6a27bcceb6a42d62a3a8d02a6f0d73653215771de243a63ac048a18b59da29", "00",
		"93d70c5ed59ccb21ca9991be561756939ff9753bf85764d2a7b937d6fbf9183443cd118bee8a0f61e8bdc5403c03d6c94ead31956e98bfd6a5e02d3be5900d17a540852d586f0891caed3e3b0e0871d6a741fb0edcdb586f7f10252f79c35176474ece4936e0190b5167832c10712884ad12acdfff2e434aacb165e1f789660f",
		"9a4d34f87003412e413ca42feba3b6158bdf11db41c2bbde98961c5865400cfdee07149b928b376db365c5d68459378b0981f1cb0510f1e0c194c4a17603d44d",
	},
}

// verify verifies a proof of the draft that has its size.
func verify(key, alpha, proof []byte) (Output, bool) {
	k := NewKey(key)
	if k == nil {
		return Output{}, false
	}
	if len(proof) == BatchCompatibleProofSize {
		return k.VerifyBatchCompatible(alpha, proof)
	}
	return k.Verify(alpha, proof)
}

func TestVectors(t *testing.T) {
	for _, v := range vectors {
		key, alpha, proof := golden.Bytes(t, v.key), golden.Bytes(t, v.alpha), golden.Bytes(t, v.proof)
		if out, ok := verify(key, alpha, proof); !ok || !bytes.Equal(out[:], golden.Bytes(t, v.output)) {
			t.Errorf("%s: %v with output %x, want %s", v.name, ok, out, v.output)
		}
		for i := range key {
			key[i] ^= 1
			if _, ok := verify(key, alpha, proof); ok {
				t.Errorf("%s: holds for another key", v.name)
			}
			key[i] ^= 1
		}
		for i := range proof {
			for bit := range 8 {
				proof[i] ^= 1 << bit
				if _, ok := verify(key, alpha, proof); ok {
					t.Errorf("%s: holds with byte %d of the proof changed", v.name, i)
				}
				proof[i] ^= 1 << bit
			}
		}
		if _, ok := verify(key, append(alpha, 0), proof); ok {
			t.Errorf("%s: holds for another input", v.name)
		}
		if _, ok := verify(key, alpha, proof[1:]); ok {
			t.Errorf("%s: a shorter proof holds", v.name)
		}
	}
}

// FuzzVerify compares verdicts and outputs with those of the slow verification.
func FuzzVerify(f *testing.F) {
	for _, v := range vectors {
		f.Add(golden.Bytes(f, v.key), golden.Bytes(f, v.alpha), golden.Bytes(f, v.proof))
	}
	for _, v := range torsionVectors {
		f.Add(golden.Bytes(f, v.key), golden.Bytes(f, v.alpha), golden.Bytes(f, v.proof))
	}
	f.Fuzz(func(t *testing.T, key, alpha, proof []byte) {
		got, ok := verify(key, alpha, proof)
		var want Output
		wantOK := false
		if len(key) == KeySize {
			switch len(proof) {
			case ProofSize:
				want, wantOK = drafts[0].verify(t, key, alpha, proof)
			case BatchCompatibleProofSize:
				want, wantOK = drafts[1].verify(t, key, alpha, proof)
			}
		}
		if ok != wantOK || got != want {
			t.Errorf("key %x, input %x, proof %x: %v with output %x, want %v, %x", key, alpha, proof, ok, got, wantOK, want)
		}
	})
}

func BenchmarkVerify(b *testing.B) {
	for _, v := range []int{1, 4} {
		key, alpha, proof := golden.Bytes(b, vectors[v].key), golden.Bytes(b, vectors[v].alpha), golden.Bytes(b, vectors[v].proof)
		b.Run(vectors[v].name[:2], func(b *testing.B) {
			b.ReportAllocs()
			verify(key, alpha, proof)
			k := NewKey(key)
			for b.Loop() {
				if len(proof) == ProofSize {
					k.Verify(alpha, proof)
				} else {
					k.VerifyBatchCompatible(alpha, proof)
				}
			}
		})
	}
	b.Run("NewKey", func(b *testing.B) {
		b.ReportAllocs()
		key := golden.Bytes(b, vectors[0].key)
		for b.Loop() {
			NewKey(key)
		}
	})
}

// What verifying a header's proof, or making a key, allocates.
func TestAllocations(t *testing.T) {
	if testenv.Race {
		t.Skip("the race detector allocates")
	}
	v := vectors[1]
	key, alpha, proof := golden.Bytes(t, v.key), golden.Bytes(t, v.alpha), golden.Bytes(t, v.proof)
	k := NewKey(key)
	if n := testing.AllocsPerRun(10, func() { k.Verify(alpha, proof) }); n != 0 {
		t.Errorf("a proof: %v allocations", n)
	}
	if n := testing.AllocsPerRun(10, func() { k.Verify(make([]byte, 64), proof) }); n != 0 {
		t.Errorf("a proof with an input of 64 bytes: %v allocations", n)
	}
	if n := testing.AllocsPerRun(10, func() { NewKey(key) }); n != 4 {
		t.Errorf("a key: %v allocations, want 4", n)
	}
	v = vectors[5]
	key, alpha, proof = golden.Bytes(t, v.key), golden.Bytes(t, v.alpha), golden.Bytes(t, v.proof)
	k = NewKey(key)
	if n := testing.AllocsPerRun(10, func() { k.VerifyBatchCompatible(alpha, proof) }); n != 3 {
		t.Errorf("a proof of draft 13: %v allocations, want 3", n)
	}
}

// A key takes what it says, about 2 kB, and no more than that again to make.
func TestKeySize(t *testing.T) {
	if testenv.Race {
		t.Skip("the race detector allocates")
	}
	key := golden.Bytes(t, vectors[1].key)
	const n = 200
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range n {
		NewKey(key)
	}
	runtime.ReadMemStats(&after)
	if size := (after.TotalAlloc - before.TotalAlloc) / n; size < 2000 || size > 3000 {
		t.Errorf("a key takes %d bytes, want about 2,760", size)
	}
}
