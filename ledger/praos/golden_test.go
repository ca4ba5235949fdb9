package praos

import (
	"bytes"
	"encoding/hex"
	"math/big"
	"strings"
	"testing"

	"github.com/ouronet/ouronet/ledger"
)

// count returns n bytes: 0, 1, 2 ...
func count(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i)
	}
	return b
}

// What is hashed for what: forged headers cannot tell, as they are made with the
// same functions. The values are of Python's hashlib, by the formulas of
// header-validation, 7, 8, 10 and 13.
func TestHashes(t *testing.T) {
	const slot = 0x0102030405060708
	nonce := ledger.Hash(count(32))
	reversed := nonce
	for i := range reversed {
		reversed[i] = byte(31 - i)
	}
	forNonce, forLeader := TPraosInputs(slot, NonceOf(nonce))
	leader := praosLeaderValue(count(64))
	for _, test := range []struct {
		name, got, want string
	}{
		{"input under the neutral nonce", Input(slot, Nonce{}).String(), "ea2d4bc21f5319fc5c97b2266e5023b94396cd2d1af901bacd2be5962a70b4e5"},
		{"input", Input(slot, NonceOf(nonce)).String(), "02eba456d8e80b3900c2e4e10df18c5225047aa0c0d6098ca687c6ee3cc7593c"},
		{"input of TPraos' nonce proof", forNonce.String(), "830fde4f3e5a9033657bbdf66f3fdd11c834aa86de8b2d2f869094be57e7a860"},
		{"input of TPraos' leader proof", forLeader.String(), "1036ae3ca5e6291397508941372ad6254dd766670514b4e48e668c93193d635c"},
		{"leader value", hex.EncodeToString(leader[:]), "5ac759eb0e7c23c36ce750660cfef3fc461f3d973202b094b7e45d435adc30ab"},
		{"contribution in TPraos", contribution(ledger.Alonzo, count(64)).String(), "10d8e6d534b00939843fe9dcc4dae48cdf008f6b8b2b82b156f5404d874887f5"},
		{"contribution in Praos", contribution(ledger.Babbage, count(64)).String(), "b19e65495ab5916dcb696eef8173ebe40aec344a1a4f627d64c8fd0738399248"},
		{"mixed nonces", NonceOf(nonce).Mix(NonceOf(reversed)).String(), "e0e19ac54d8ac5cf7ddab3f24cd340fd92e0167d7483113fffca3681be045903"},
		{"pool", PoolIDOf(count(32)).String(), "491112dd01155c07dab485f71b572e0cae759e2cd38b1c0e97554297"},
		{"Byron key", ByronKeyHash(count(64)).String(), "cdf621c7382b7b5c34f0c144f08916fe1d9b6b0d3feb89dcc61959df"},
	} {
		if test.got != test.want {
			t.Errorf("%s: %s, want %s", test.name, test.got, test.want)
		}
	}
}

// What a header changes of the nonces.
func TestNextNonces(t *testing.T) {
	hash := func(b byte) ledger.Hash { return ledger.Hash{b} }
	was := Nonces{NonceOf(hash(1)), NonceOf(hash(2)), NonceOf(hash(3)), NonceOf(hash(4)), NonceOf(hash(5))}
	evolved := was.Evolving.Mix(NonceOf(hash(6)))
	for _, test := range []struct {
		frozen bool
		prev   Nonce
		want   Nonces
	}{
		{false, NonceOf(hash(7)), Nonces{was.Active, evolved, evolved, NonceOf(hash(7)), was.LastEpoch}},
		{true, NonceOf(hash(7)), Nonces{was.Active, evolved, was.Candidate, NonceOf(hash(7)), was.LastEpoch}},
		{true, Nonce{}, Nonces{was.Active, evolved, was.Candidate, Nonce{}, was.LastEpoch}},
	} {
		if got := was.next(hash(6), test.prev, test.frozen); got != test.want {
			t.Errorf("frozen %t, after %v: %+v, want %+v", test.frozen, test.prev, got, test.want)
		}
	}
}

// Saved states are read by later versions.
func TestGoldenState(t *testing.T) {
	genesis := ledger.Preview.Genesis.Shelley.String()
	zeros := strings.Repeat("00", 31)
	want := "01" + "09" + // all nonces are known, a boundary block
		"0000000000000005" + "06" + zeros + "0000000000000007" + "0000000000000008" +
		"01" + genesis + "01" + genesis + "01" + genesis + "0100" + zeros + "0000" + zeros +
		"0000000000000002" +
		"01" + zeros[8:] + "0000000000000002" + "03" + zeros[8:] + "8000000000000000"
	b, err := someState().MarshalBinary()
	if got := hex.EncodeToString(b); err != nil || got != want {
		t.Errorf("%s, %v; want %s", got, err, want)
	}
	s := State{AllCounters: true, Known: EpochNonce}
	if b, err = s.MarshalBinary(); err != nil || !bytes.Equal(b[:2], []byte{1, 0x06}) {
		t.Errorf("%x, %v", b, err)
	}
}

// ln(1-f) to the last digit, by a transcription of NonIntegral.hs to Python.
func TestGoldenLn(t *testing.T) {
	for _, test := range []struct {
		num, den uint64
		want     string
	}{
		{1, 20, "-512932943875505334261962382072846"},
		{1, 2, "-6931471805599453094172321354910343"},
		{2, 5, "-5108256237659906832055141392744319"},
		{1, 50, "-202027073175194484080452639329366"},
		{99, 100, "-46051701859880913680359829903716402"},
		{1, 1e9, "-10000000004999998842883469"},
		{999999, 1e6, "-138155105579642741041079490611848144"},
		{1, 3, "-4054651081081643819780132467554583"},
		{2, 3, "-10986122886681096913952452433287364"},
	} {
		if got := newThreshold(ledger.Ratio{Num: test.num, Den: test.den}).ln; got.String() != test.want {
			t.Errorf("ln(1-%d/%d) is %v, want %s", test.num, test.den, got, test.want)
		}
	}
}

// The highest value that leads, by the same transcription. Of the last ones a
// series whose rest is taken for larger or smaller has another.
func TestGoldenThreshold(t *testing.T) {
	for _, test := range []struct {
		f, stake ledger.Ratio
		last     string
	}{
		{ledger.Ratio{Num: 1, Den: 20}, ledger.Ratio{Num: 1, Den: 1}, "0ccccccccccccccccccce86c4e98b6bae31dd3d3bfe86f4d28bd4aeff89d0824"},
		{ledger.Ratio{Num: 1, Den: 20}, ledger.Ratio{Num: 1, Den: 1000}, "00035c895f38dbf790b5d2d04e005a769eff1e0a5310f4bb9d5aa111c0c53e5b"},
		{ledger.Ratio{Num: 1, Den: 20}, ledger.Ratio{Num: 1, Den: 1e12}, "00000000000e7012463633d0482ded7ee69eca3aec726142f0a02a6e606dcedf"},
		{ledger.Ratio{Num: 1, Den: 2}, ledger.Ratio{Num: 1, Den: 1}, "80000000000000000000022be613c9da96cc4bda136ca418c0275154336250e6"},
		{ledger.Ratio{Num: 1, Den: 2}, ledger.Ratio{Num: 2, Den: 3}, "5ebae833946ba8eee112a6480de60cc5bd90700e54f956a0ea03f2bbe6a1e05f"},
		{ledger.Ratio{Num: 99, Den: 100}, ledger.Ratio{Num: 1, Den: 3}, "c8d8b2627e989d77df90848a1a130ee710f725f6ebdc1f5f416a8dcdb6c76dea"},
		{ledger.Ratio{Num: 9, Den: 10}, ledger.Ratio{Num: 1, Den: 1}, "e66666666666666666666665d8ed958f7a5975371f75842295493ce88899430f"},
		{ledger.Ratio{Num: 99, Den: 100}, ledger.Ratio{Num: 1, Den: 1}, "f92879dc9307525f611b2f102df703708319640633b62c5bc2e23238b886c762"},
		{ledger.Ratio{Num: 19, Den: 20}, ledger.Ratio{Num: 7, Den: 8}, "ed62d3ad9993f64b334beb0115873273e3b76cd2b9a724e5a04948e8791e3051"},
	} {
		th := newThreshold(test.f)
		last, _ := new(big.Int).SetString(test.last, 16)
		next := new(big.Int).Add(last, big.NewInt(1))
		if !th.leads(last.FillBytes(make([]byte, 32)), test.stake) || th.leads(next.FillBytes(make([]byte, 32)), test.stake) {
			t.Errorf("f %v, stake %v: the last value that leads is not %s", test.f, test.stake, test.last)
		}
	}
}
