package praos

import (
	"crypto/ed25519"

	"github.com/ouronet/ouronet/internal/cbor"
	"github.com/ouronet/ouronet/internal/crypto/forge"
	"github.com/ouronet/ouronet/internal/crypto/vrf"
	"github.com/ouronet/ouronet/ledger"
)

// forged is a header to be made: all that it says, and the keys that sign it.
// A test changes what it wants to be wrong before it is made.
type forged struct {
	era              ledger.Era
	blockNo          ledger.BlockNo
	slot             ledger.Slot
	prev             ledger.Hash
	hasPrev          bool
	vrfKey           []byte
	nonceVRF, leader proved // nonceVRF of TPraos only
	bodySize         uint64
	bodyHash         ledger.Hash
	cert             forge.Certificate
	major            uint64
	hot              *forge.KESKey
	evolution        uint64
	cold             ed25519.PrivateKey

	vrf *forge.VRFKey
}

type proved struct {
	output vrf.Output
	proof  [vrf.ProofSize]byte
}

// forgeNetwork has all eras at hand: Alonzo in the first ten epochs of 100
// slots, then Babbage, Conway and Dijkstra, and leaves the next one open.
func forgeNetwork() ledger.Network {
	n := ledger.Preview
	n.Magic, n.SecurityParam, n.ActiveSlots = 7, 4, ledger.Ratio{Num: 1, Den: 2}
	n.SlotsPerKESPeriod, n.MaxKESEvolutions = 50, 10
	n.Genesis.Shelley = ledger.Hash{1, 2, 3}
	for e := range n.Eras {
		n.Eras[e].EpochLength = 100
	}
	for e, epoch := range map[ledger.Era]uint64{ledger.Babbage: 10, ledger.Conway: 20, ledger.Dijkstra: 30} {
		n.Eras[e].Start, n.Eras[e].StartEpoch = ledger.Slot(epoch*100), epoch
	}
	return n
}

// maxSearch is for how many slots a test looks for one that is led, or is not:
// each with f = 1/2.
const maxSearch = 100

// newForged returns a header after s that is right in all respects, of a pool
// with all stake, in the first slot from slot on that it leads.
func newForged(v *Verifier, s State, slot ledger.Slot) *forged {
	cold := ed25519.NewKeyFromSeed(make([]byte, 32))
	f := &forged{
		blockNo: s.Tip.BlockNo + 1, prev: s.Tip.Point.Hash, hasPrev: true,
		bodySize: 3, bodyHash: ledger.Hash{9}, major: 7,
		cold: cold, vrf: forge.NewVRFKey([32]byte{1}), hot: forge.NewKESKey([32]byte{2}),
	}
	if s.Tip.Point.IsOrigin() {
		f.blockNo, f.hasPrev = 0, false
	}
	f.vrfKey = f.vrf.Public()
	n := &v.config.Network
	for f.slot = slot; ; f.slot++ {
		if f.slot-slot > maxSearch {
			panic("nobody leads") // only if the code is broken, and then for ever
		}
		f.era = n.EraAt(f.slot)
		nonce, _ := v.NonceAt(s, f.slot)
		f.prove(nonce)
		value := f.leader.output[:]
		if !tpraos(f.era) {
			hash := praosLeaderValue(value)
			value = hash[:]
		}
		if v.threshold.leads(value, ledger.Ratio{Num: 1, Den: 1}) {
			break
		}
	}
	period := uint64(f.slot) / n.SlotsPerKESPeriod
	f.evolution = period % n.MaxKESEvolutions
	f.cert = forge.Certify(cold, f.hot.Public(), 0, period-f.evolution)
	return f
}

func (f *forged) prove(nonce Nonce) {
	if tpraos(f.era) {
		forNonce, forLeader := TPraosInputs(f.slot, nonce)
		f.nonceVRF.output, f.nonceVRF.proof = f.vrf.Prove(forNonce[:])
		f.leader.output, f.leader.proof = f.vrf.Prove(forLeader[:])
		return
	}
	input := Input(f.slot, nonce)
	f.leader.output, f.leader.proof = f.vrf.Prove(input[:])
}

// body returns the header's body.
func (f *forged) body() []byte {
	appendVRF := func(b []byte, p *proved) []byte {
		b = cbor.AppendArray(b, 2)
		b = cbor.AppendBytes(b, p.output[:])
		return cbor.AppendBytes(b, p.proof[:])
	}
	fields := 10
	if tpraos(f.era) {
		fields = 15
	}
	if f.era >= ledger.Dijkstra {
		fields = 12
	}
	b := cbor.AppendArray(nil, fields)
	b = cbor.AppendUint(b, uint64(f.blockNo))
	b = cbor.AppendUint(b, uint64(f.slot))
	if f.hasPrev {
		b = cbor.AppendBytes(b, f.prev[:])
	} else {
		b = cbor.AppendNull(b)
	}
	b = cbor.AppendBytes(b, f.cold[32:])
	b = cbor.AppendBytes(b, f.vrfKey)
	if tpraos(f.era) {
		b = appendVRF(b, &f.nonceVRF)
	}
	b = appendVRF(b, &f.leader)
	b = cbor.AppendUint(b, f.bodySize)
	b = cbor.AppendBytes(b, f.bodyHash[:])
	if !tpraos(f.era) {
		b = cbor.AppendArray(b, 4)
	}
	b = cbor.AppendBytes(b, f.cert.HotKey)
	b = cbor.AppendUint(b, f.cert.Counter)
	b = cbor.AppendUint(b, f.cert.KESPeriod)
	b = cbor.AppendBytes(b, f.cert.Signature)
	if !tpraos(f.era) {
		b = cbor.AppendArray(b, 2)
	}
	b = cbor.AppendUint(b, f.major)
	b = cbor.AppendUint(b, 0)
	if f.era >= ledger.Dijkstra {
		b = cbor.AppendBool(b, false)
		b = cbor.AppendArray(b, 2)
		b = cbor.AppendBytes(b, f.bodyHash[:])
		b = cbor.AppendUint(b, 1000)
	}
	return b
}

// header signs and parses the header.
func (f *forged) header(n ledger.Network) (*ledger.Header, error) {
	body := f.body()
	b := append(cbor.AppendArray(nil, 2), body...)
	b = cbor.AppendBytes(b, f.hot.Sign(f.evolution, body))
	h, err := n.ParseHeader(ledger.RawHeader{Era: f.era, Bytes: b})
	return &h, err
}
