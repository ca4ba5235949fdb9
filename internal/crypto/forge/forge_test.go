package forge

import (
	"bytes"
	"crypto/ed25519"
	"encoding/hex"
	"math/rand/v2"
	"testing"

	"golang.org/x/crypto/blake2b"

	"github.com/ouronet/ouronet/internal/crypto/kes"
	"github.com/ouronet/ouronet/internal/crypto/vrf"
)

// The key that the Haskell library makes of this seed.
const (
	kesSeed    = "test string of 32 byte of lenght"
	kesMessage = "test message"
	kesPublic  = "9b527f5907bd9ba20956d5b1db91d679b666b0c7e4c3a336eb6165ac58f99501"
)

// kesSums are the Blake2b-256 hashes of its signatures, by evolution.
var kesSums = map[uint64]string{
	0: "5242d0393ae73f771f0c111c24002b2624ead100eb5bd1acc0b9a3e59e172637",
	5: "24d9ca05b101a498d5a89fc534bb1aeeb44b5a7e9b985ee7934c6a86d328db82",
}

func TestKESSums(t *testing.T) {
	key := NewKESKey([32]byte([]byte(kesSeed)))
	if got := hex.EncodeToString(key.Public()); got != kesPublic {
		t.Fatalf("public key %s, want %s", got, kesPublic)
	}
	for evolution, want := range kesSums {
		sig := key.Sign(evolution, []byte(kesMessage))
		if got := blake2b.Sum256(sig); hex.EncodeToString(got[:]) != want {
			t.Errorf("signature at evolution %d has hash %x, want %s", evolution, got, want)
		}
		if !kes.Verify(key.Public(), evolution, []byte(kesMessage), sig) {
			t.Errorf("signature at evolution %d does not hold", evolution)
		}
	}
}

func TestKES(t *testing.T) {
	key := NewKESKey([32]byte{1})
	message := []byte("header body")
	for e := range uint64(kes.Evolutions) {
		sig := key.Sign(e, message)
		for other := range uint64(kes.Evolutions + 2) {
			if got := kes.Verify(key.Public(), other, message, sig); got != (other == e) {
				t.Fatalf("signature of evolution %d holds at %d: %v", e, other, got)
			}
		}
		if e%13 != 0 {
			continue
		}
		for i := range sig {
			bad := bytes.Clone(sig)
			bad[i] ^= 1 << (i % 8)
			if kes.Verify(key.Public(), e, message, bad) {
				t.Fatalf("signature of evolution %d holds with byte %d changed", e, i)
			}
		}
		if kes.Verify(key.Public(), e, message[1:], sig) || kes.Verify(key.Public(), e, message, sig[1:]) || kes.Verify(key.Public()[1:], e, message, sig) {
			t.Fatal("a part of message, signature or key is as good as the whole")
		}
	}
}

func TestVRF(t *testing.T) {
	r := rand.NewChaCha8([32]byte{1})
	for range 50 {
		var seed [32]byte
		r.Read(seed[:])
		alpha := seed[:r.Uint64()%32]
		key := NewVRFKey(seed)
		want, proof := key.Prove(alpha)
		if got, ok := vrf.NewKey(key.Public()).Verify(alpha, proof[:]); !ok || got != want {
			t.Fatalf("seed %x: %v, output %x, want %x", seed, ok, got, want)
		}
		if key.Evaluate(alpha) != want {
			t.Fatalf("seed %x: another output without a proof", seed)
		}
	}
}

// The first vector of the draft, whose proof depends on the nonce, too.
func TestVRFVector(t *testing.T) {
	seed, _ := hex.DecodeString("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
	_, proof := NewVRFKey([32]byte(seed)).Prove(nil)
	const want = "b6b4699f87d56126c9117a7da55bd0085246f4c56dbc95d20172612e9d38e8d7ca65e573a126ed88d4e30a46f80a666854d675cf3ba81de0de043c3774f061560f55edc256a787afe701677c0f602900"
	if got := hex.EncodeToString(proof[:]); got != want {
		t.Errorf("proof %s, want %s", got, want)
	}
}

func TestCertify(t *testing.T) {
	cold := ed25519.NewKeyFromSeed(make([]byte, 32))
	c := Certify(cold, make([]byte, 32), 1, 2)
	message := append(make([]byte, 32), 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 2)
	if !ed25519.Verify(cold.Public().(ed25519.PublicKey), message, c.Signature) {
		t.Error("certificate does not hold")
	}
}

func BenchmarkForge(b *testing.B) {
	key, cold := NewVRFKey([32]byte{1}), NewKESKey([32]byte{1})
	alpha := make([]byte, 32)
	b.Run("VRF evaluate", func(b *testing.B) {
		for b.Loop() {
			key.Evaluate(alpha)
		}
	})
	b.Run("VRF prove", func(b *testing.B) {
		for b.Loop() {
			key.Prove(alpha)
		}
	})
	b.Run("KES sign", func(b *testing.B) {
		for b.Loop() {
			cold.Sign(3, alpha)
		}
	})
	b.Run("KES key", func(b *testing.B) {
		for b.Loop() {
			NewKESKey([32]byte{2})
		}
	})
}
