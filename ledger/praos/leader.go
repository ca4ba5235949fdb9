package praos

import (
	"encoding/binary"
	"math/big"
	"math/bits"

	"golang.org/x/crypto/blake2b"

	"github.com/ouronet/ouronet/ledger"
)

// Stake knows who may lead in an epoch. Methods may be called by many goroutines at
// once.
type Stake interface {
	// Distribution returns what is known of an epoch, nil if nothing is. It
	// must not change afterwards.
	Distribution(epoch uint64) *Distribution
}

// Distribution is who may lead in an epoch.
type Distribution struct {
	// Pools are all with active stake, by the snapshot that holds for the
	// epoch, which is the one of two epochs before.
	Pools map[PoolID]Pool

	// Overlay is the share of slots that TPraos leaves to the genesis delegates
	// (d). Den 0 means that it is not known, so that TPraos headers are not
	// checked for leadership. Praos has none.
	Overlay ledger.Ratio

	// Delegates are the genesis delegates in the order of their genesis keys'
	// hashes; nil means that they are not known, so that it is not checked who
	// issues the blocks of overlay slots.
	Delegates []Delegate
}

// Pool is a pool in an epoch.
type Pool struct {
	Stake  ledger.Ratio // share of all active stake
	VRFKey ledger.Hash  // Blake2b-256 of the VRF key that it registered
}

// Delegate issues blocks for a genesis key.
type Delegate struct {
	Key    PoolID
	VRFKey ledger.Hash
}

// knowsLeader reports whether enough is known to check leadership.
func (v *Verifier) knowsLeader(j *Job) bool {
	if v.config.Stake == nil || j.checks&VRF == 0 {
		return false
	}
	d := v.config.Stake.Distribution(j.epoch)
	switch {
	case d == nil:
		return false
	case !tpraos(j.header.Raw.Era):
		return true
	case d.Overlay.Den == 0:
		return false
	}
	return d.Delegates != nil || !d.isOverlay(j.slotInEpoch())
}

func (j *Job) slotInEpoch() uint64 {
	return uint64(j.header.Slot - j.v.config.Network.EpochStart(j.epoch))
}

// verifyLeader checks that the issuer leads the slot with the VRF key that it
// registered. (header-validation, 9)
func (j *Job) verifyLeader() error {
	d := j.v.config.Stake.Distribution(j.epoch)
	if d == nil {
		return j.failUnknownPool() // was there a moment ago
	}
	key := ledger.Hash(blake2b.Sum256(j.shelley.VRFKey))
	if tpraos(j.header.Raw.Era) {
		if slot := j.slotInEpoch(); d.isOverlay(slot) {
			return j.verifyOverlay(d.overlayLeader(slot, j.v.config.Network.ActiveSlots), key)
		}
	}
	pool, ok := d.Pools[j.issuer.id]
	if !ok {
		return j.failUnknownPool()
	}
	if key != pool.VRFKey {
		return j.failRegisteredKey(key, pool.VRFKey)
	}
	if value := j.leaderValue(); !j.v.threshold.leads(value, pool.Stake) {
		return j.fail(Leadership, ErrLeader, "%v with %d/%d of the stake does not lead with value %x", j.issuer.id, pool.Stake.Num, pool.Stake.Den, value)
	}
	return nil
}

func (j *Job) verifyOverlay(leader Delegate, key ledger.Hash) error {
	if j.issuer.id != leader.Key {
		if leader.Key == (PoolID{}) {
			return j.fail(Leadership, ErrOverlay, "overlay slot without a leader, but a block by %v", j.issuer.id)
		}
		return j.fail(Leadership, ErrOverlay, "overlay slot of %v, but a block by %v", leader.Key, j.issuer.id)
	}
	if key != leader.VRFKey {
		return j.failRegisteredKey(key, leader.VRFKey)
	}
	return nil
}

func (j *Job) failUnknownPool() error {
	return j.fail(Leadership, ErrUnknownPool, "issuer %v has no stake in epoch %d", j.issuer.id, j.epoch)
}

// failRegisteredKey is for a VRF key that is not the registered one; both by hash.
func (j *Job) failRegisteredKey(got, want ledger.Hash) error {
	return j.fail(Leadership, ErrRegisteredKey, "VRF key of %v has hash %v, registered is %v", j.issuer.id, got, want)
}

// leaderValue returns the number, big endian, that must be low: in TPraos the
// output of 64 bytes, in Praos a hash of it. (header-validation, 8)
func (j *Job) leaderValue() []byte {
	if tpraos(j.header.Raw.Era) {
		return j.shelley.LeaderVRF.Output
	}
	value := praosLeaderValue(j.shelley.LeaderVRF.Output)
	return value[:]
}

func praosLeaderValue(output []byte) [32]byte {
	var b [1 + vrfOutputSize]byte
	b[0] = 'L'
	copy(b[1:], output)
	return blake2b.Sum256(b[:])
}

// verifyBound checks that all stake would lead the slot with this output: the
// leader value is below f times what it can be.
func (j *Job) verifyBound() error {
	value := praosLeaderValue(j.shelley.LeaderVRF.Output)
	if f := j.v.config.Network.ActiveSlots; !below(&value, f) {
		return j.fail(Bound, ErrVRFBound, "leader value %x is not in the first %d/%d, so no stake is enough", value, f.Num, f.Den)
	}
	return nil
}

// below reports whether value / 2^256 < f.
func below(value *[32]byte, f ledger.Ratio) bool {
	var carry uint64 // of value times the denominator, beyond 2^256
	for i := 24; i >= 0; i -= 8 {
		hi, lo := bits.Mul64(binary.BigEndian.Uint64(value[i:]), f.Den)
		_, c := bits.Add64(lo, carry, 0)
		carry = hi + c
	}
	return carry < f.Num
}

// isOverlay reports whether a slot of the epoch is left to genesis delegates.
// (cardano-ledger: libs/cardano-ledger-core, BHeaderView.hs, isOverlaySlot)
func (d *Distribution) isOverlay(slot uint64) bool {
	return ceil(slot, d.Overlay).Cmp(ceil(slot+1, d.Overlay)) < 0
}

// overlayLeader returns the genesis delegate of an overlay slot; the zero
// Delegate if the slot must stay empty. (cardano-ledger:
// libs/cardano-protocol-tpraos, Rules/Overlay.hs, classifyOverlaySlot)
func (d *Distribution) overlayLeader(slot uint64, f ledger.Ratio) Delegate {
	position := ceil(slot, d.Overlay)
	turn, rest := new(big.Int).QuoRem(position, new(big.Int).SetUint64(f.Den/f.Num), new(big.Int))
	if rest.Sign() != 0 || len(d.Delegates) == 0 {
		return Delegate{}
	}
	turn.Rem(turn, big.NewInt(int64(len(d.Delegates))))
	return d.Delegates[turn.Int64()]
}

// ceil returns n r, rounded up.
func ceil(n uint64, r ledger.Ratio) *big.Int {
	product := new(big.Int).SetUint64(n)
	product.Mul(product, new(big.Int).SetUint64(r.Num))
	den := new(big.Int).SetUint64(r.Den)
	product.Add(product, den).Sub(product, big.NewInt(1))
	return product.Quo(product, den)
}
