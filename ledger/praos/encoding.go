package praos

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/ouronet/ouronet/ledger"
)

// stateVersion is the first byte of an encoded state.
const stateVersion = 1

// Flags of an encoded state; the bits above are its [Knowledge].
const (
	flagEBB = 1 << iota
	flagAllCounters
	knowledgeShift = iota
)

// Sizes in bytes of parts of an encoded state.
const (
	nonceLen   = 1 + len(ledger.Hash{})
	stateLen   = 2 + 8 + len(ledger.Hash{}) + 8 + 8 + 5*nonceLen + 8
	counterLen = len(PoolID{}) + 8
)

func (n *Nonces) list() [5]*Nonce {
	return [5]*Nonce{&n.Active, &n.Evolving, &n.Candidate, &n.Lab, &n.LastEpoch}
}

// AppendBinary appends the state's encoding: 231 bytes and 36 for each counter.
// Counters must be nil or a [CounterMap]: store other ones yourself, beside the
// encoding of the state without them.
func (s State) AppendBinary(dst []byte) ([]byte, error) {
	counters, ok := s.Counters.(CounterMap)
	if !ok && s.Counters != nil {
		return dst, fmt.Errorf("praos: counters of type %T: encode the state without them", s.Counters)
	}
	flags := byte(s.Known) << knowledgeShift
	if s.EBB {
		flags |= flagEBB
	}
	if s.AllCounters {
		flags |= flagAllCounters
	}
	dst = append(dst, stateVersion, flags)
	dst = binary.BigEndian.AppendUint64(dst, uint64(s.Tip.Point.Slot))
	dst = append(dst, s.Tip.Point.Hash[:]...)
	dst = binary.BigEndian.AppendUint64(dst, uint64(s.Tip.BlockNo))
	dst = binary.BigEndian.AppendUint64(dst, s.Epoch)
	for _, n := range s.Nonces.list() {
		if n.Set {
			dst = append(append(dst, 1), n.Hash[:]...)
		} else {
			dst = append(append(dst, 0), make([]byte, len(n.Hash))...)
		}
	}
	dst = binary.BigEndian.AppendUint64(dst, uint64(counters.Len()))
	for issuer, n := range counters.All() {
		dst = binary.BigEndian.AppendUint64(append(dst, issuer[:]...), n)
	}
	return dst, nil
}

// MarshalBinary returns the state's encoding. See [State.AppendBinary].
func (s State) MarshalBinary() ([]byte, error) { return s.AppendBinary(nil) }

var errState = errors.New("praos: not a saved state: start from another one")

// UnmarshalBinary reads a state as [State.AppendBinary] writes it. An error
// leaves s as it was.
func (s *State) UnmarshalBinary(b []byte) error {
	if len(b) == 0 || b[0] != stateVersion {
		return fmt.Errorf("%w: unknown version", errState)
	}
	if len(b) < stateLen || b[1]>>knowledgeShift > byte(AllNonces) {
		return errState
	}
	r := State{EBB: b[1]&flagEBB != 0, AllCounters: b[1]&flagAllCounters != 0, Known: Knowledge(b[1] >> knowledgeShift)}
	b = b[2:]
	number := func() uint64 {
		n := binary.BigEndian.Uint64(b)
		b = b[8:]
		return n
	}
	r.Tip.Point.Slot = ledger.Slot(number())
	b = b[copy(r.Tip.Point.Hash[:], b):]
	r.Tip.BlockNo = ledger.BlockNo(number())
	r.Epoch = number()
	for _, n := range r.Nonces.list() {
		copy(n.Hash[:], b[1:])
		if n.Set = b[0] == 1; b[0] > 1 || !n.Set && n.Hash != (ledger.Hash{}) {
			return errState
		}
		b = b[nonceLen:]
	}
	n := number()
	if n > uint64(len(b)/counterLen) || len(b) != int(n)*counterLen {
		return fmt.Errorf("%w: %d bytes for %d counters", errState, len(b), n)
	}
	var counters Counters = CounterMap{}
	for last := (PoolID{}); len(b) > 0; b = b[counterLen:] {
		issuer := PoolID(b)
		if counters.(CounterMap).n > 0 && string(last[:]) >= string(issuer[:]) {
			return fmt.Errorf("%w: counters out of order", errState)
		}
		counters = counters.With(issuer, binary.BigEndian.Uint64(b[len(issuer):]))
		last = issuer
	}
	r.Counters = counters
	*s = r
	return nil
}
