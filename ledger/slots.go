package ledger

import (
	"math"
	"math/bits"
	"time"
)

// EraAt returns the era of slot s, as far as the eras' starts are known; the header of
// a block decides.
func (n Network) EraAt(s Slot) Era { return n.eraAt(s) }

func (n *Network) eraAt(s Slot) Era {
	for e := Era(NumEras - 1); e > Byron; e-- {
		if start := n.Eras[e].Start; start != Never && start <= s {
			return e
		}
	}
	return Byron
}

// EraPossible reports whether a block in slot s may be of era e. An era with a
// known start is the only one possible in its slots, but for those around it
// whose start is [Never]: such an era comes by protocol version, at the start of
// any epoch after that in which the era before it began, and may never come.
// (ouroboros-consensus, HardFork/Combinator/State.hs, extendToSlot; cardano-node,
// Cardano/Node/Protocol/Cardano.hs, CardanoTriggerHardForkAtDefaultVersion)
func (n Network) EraPossible(e Era, s Slot) bool { return n.eraPossible(e, s) }

func (n *Network) eraPossible(e Era, s Slot) bool {
	if !e.Known() || int(e+1) < NumEras && n.Eras[e+1].Start != Never && n.Eras[e+1].Start <= s {
		return false
	}
	earliest := n.Eras[Byron].Start
	for _, p := range n.Eras[Byron+1 : e+1] {
		if p.Start == Never {
			earliest = n.EpochStart(n.Epoch(earliest) + 1)
		} else {
			earliest = max(earliest, p.Start)
		}
	}
	return earliest <= s
}

// SlotTime returns when slot s begins. The length of slots is taken to stay
// what it is in the last era that is known to start; a time that a [time.Time]
// cannot hold is cut to one about 146 billion years from now.
func (n Network) SlotTime(s Slot) time.Time {
	e := n.eraAt(s)
	p := n.Eras[e]
	return addSlots(n.eraStart(e), s-p.Start, p.SlotLength)
}

// eraStart returns the time of the first slot of e, which must be known. An era
// before it without a known start takes no time.
func (n *Network) eraStart(e Era) time.Time {
	t := n.Start
	last := n.Eras[Byron]
	for _, p := range n.Eras[Byron+1 : e+1] {
		if p.Start != Never {
			t = addSlots(t, p.Start-last.Start, last.SlotLength)
			last = p
		}
	}
	return t
}

// maxUnix leaves room for the years before 1970 that time.Time counts from.
const maxUnix = math.MaxInt64 / 2

func addSlots(t time.Time, n Slot, length time.Duration) time.Time {
	hi, lo := bits.Mul64(uint64(n), uint64(length))
	if hi >= uint64(time.Second) {
		return time.Unix(maxUnix, 0).UTC()
	}
	sec, nsec := bits.Div64(hi, lo, uint64(time.Second))
	if sec > maxUnix/2 || t.Unix() > maxUnix/2 {
		return time.Unix(maxUnix, 0).UTC()
	}
	return time.Unix(t.Unix()+int64(sec), int64(t.Nanosecond())+int64(nsec)).UTC()
}

// SlotAt returns the slot that t is in; ok is false before the network's start.
func (n Network) SlotAt(t time.Time) (s Slot, ok bool) {
	if t.Before(n.Start) {
		return 0, false
	}
	for e := Era(NumEras - 1); ; e-- {
		p := n.Eras[e]
		if p.Start == Never || p.SlotLength <= 0 {
			if e == Byron {
				return 0, false
			}
			continue
		}
		start := n.eraStart(e)
		if e > Byron && t.Before(start) {
			continue
		}
		sec, nsec := uint64(t.Unix()-start.Unix()), int64(t.Nanosecond()-start.Nanosecond())
		if nsec < 0 {
			sec, nsec = sec-1, nsec+int64(time.Second)
		}
		hi, lo := bits.Mul64(sec, uint64(time.Second))
		lo, carry := bits.Add64(lo, uint64(nsec), 0)
		hi += carry
		if hi >= uint64(p.SlotLength) {
			return Never, true
		}
		q, _ := bits.Div64(hi, lo, uint64(p.SlotLength))
		return p.Start + Slot(q), true
	}
}

// Epoch returns the epoch of slot s.
func (n Network) Epoch(s Slot) uint64 {
	p := n.Eras[n.eraAt(s)]
	if p.EpochLength == 0 {
		return p.StartEpoch
	}
	return p.StartEpoch + uint64(s-p.Start)/p.EpochLength
}

// EpochStart returns the first slot of an epoch, [Never] if that is beyond what
// a slot number can hold.
func (n Network) EpochStart(epoch uint64) Slot {
	for e := Era(NumEras - 1); ; e-- {
		p := n.Eras[e]
		if e > Byron && (p.Start == Never || p.StartEpoch > epoch) {
			continue
		}
		hi, lo := bits.Mul64(epoch-p.StartEpoch, p.EpochLength)
		sum, carry := bits.Add64(lo, uint64(p.Start), 0)
		if hi != 0 || carry != 0 {
			return Never
		}
		return Slot(sum)
	}
}

// Window returns the number of slots in which a chain is sure to grow by m
// times k blocks: m k / f, rounded up. The stability window is Window(3); Conway
// freezes the candidate nonce for Window(4). (header-validation, 10)
func (n Network) Window(m uint64) uint64 {
	hi, lo := bits.Mul64(m*n.SecurityParam, n.ActiveSlots.Den)
	if hi >= n.ActiveSlots.Num { // as it is if no slot is active
		return math.MaxUint64
	}
	q, rem := bits.Div64(hi, lo, n.ActiveSlots.Num)
	if rem > 0 {
		q++
	}
	return q
}
