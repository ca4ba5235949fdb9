package praos

import (
	"testing"

	"github.com/ouronet/ouronet/ledger"
)

func TestMix(t *testing.T) {
	var neutral Nonce
	a, b := NonceOf(ledger.Hash{1}), NonceOf(ledger.Hash{})
	if a.Mix(neutral) != a || neutral.Mix(a) != a || neutral.Mix(neutral) != neutral {
		t.Error("the neutral nonce changes something")
	}
	if b == neutral || a.Mix(b) == a || a.Mix(b) == b.Mix(a) {
		t.Error("the nonce of zeros counts for nothing, or the order does")
	}
	if got := neutral.String(); got != "neutral" {
		t.Error(got)
	}
}

// The one step of mainnet with extra entropy, into epoch 259.
func TestNextEpoch(t *testing.T) {
	n := Nonces{
		Active: NonceOf(ledger.Hash{1}), Evolving: NonceOf(ledger.Hash{2}), Lab: NonceOf(ledger.Hash{3}),
		Candidate: NonceOf(hashOf(t, "d1340a9c1491f0face38d41fd5c82953d0eb48320d65e952414a0c5ebaf87587")),
		LastEpoch: NonceOf(hashOf(t, "ee91d679b0a6ce3015b894c575c799e971efac35c7a8cbdc2b3f579005e69abd")),
	}
	got := n.nextEpoch(NonceOf(mainnetEntropy[259]))
	if want := "0022cfa563a5328c4fb5c8017121329e964c26ade5d167b1bd9b2ec967772b60"; got.Active.String() != want {
		t.Errorf("epoch nonce %v, want %v", got.Active, want)
	}
	if got.LastEpoch != n.Lab || got.Evolving != n.Evolving || got.Candidate != n.Candidate || got.Lab != n.Lab {
		t.Errorf("nonces %v after %v", got, n)
	}
}

// Where the candidate stops to change: 3 k/f slots before the next epoch, from
// Conway on 4 k/f.
func TestFrozen(t *testing.T) {
	v := verifier(t, Config{Network: ledger.Preview})
	for _, test := range []struct {
		era    ledger.Era
		window ledger.Slot
	}{{ledger.Alonzo, 25920}, {ledger.Babbage, 25920}, {ledger.Conway, 34560}, {ledger.Dijkstra, 34560}} {
		const end = 5 * 86400
		if v.frozen(test.era, end-test.window-1, 4) || !v.frozen(test.era, end-test.window, 4) || !v.frozen(test.era, end-1, 4) {
			t.Errorf("%v: wrong window", test.era)
		}
	}
	n := ledger.Preview
	n.SecurityParam = 1 << 30 // longer than the chain so far
	if v := verifier(t, Config{Network: n}); !v.frozen(ledger.Alonzo, 1, 0) {
		t.Error("an epoch shorter than the window has a candidate of its own")
	}
}

// Epochs without headers change nothing, and extra entropy is for one epoch of
// TPraos.
func TestEnter(t *testing.T) {
	v := verifier(t, Config{Network: ledger.Mainnet})
	s := Origin(ledger.Mainnet)
	s.Epoch, s.Nonces.Lab, s.Nonces.LastEpoch = 258, NonceOf(ledger.Hash{1}), NonceOf(ledger.Hash{2})
	plain := s.Nonces.nextEpoch(Nonce{})
	if got := v.enterEpoch(s, ledger.Mary, 259).Nonces; got != s.Nonces.nextEpoch(NonceOf(mainnetEntropy[259])) || got == plain {
		t.Errorf("nonces of epoch 259: %v", got)
	}
	for _, epoch := range []uint64{260, 300} {
		if got := v.enterEpoch(s, ledger.Mary, epoch); got.Nonces != plain || got.Epoch != epoch {
			t.Errorf("nonces of epoch %d: %v", epoch, got)
		}
	}
	if got := v.enterEpoch(s, ledger.Mary, 258); got.Nonces != s.Nonces {
		t.Error("the same epoch was entered again")
	}
}
