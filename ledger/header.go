package ledger

import "github.com/ouronet/ouronet/internal/cbor"

// Header is a parsed header of any era. It holds what following a chain needs;
// [Header.Shelley] and [Header.Byron] read the rest.
type Header struct {
	// Raw is what was parsed. Its bytes are shared, not copied, and must not
	// change.
	Raw RawHeader

	Hash    Hash
	Slot    Slot
	BlockNo BlockNo

	// Prev is the hash of the previous header. HasPrev is false, and Prev
	// zero, for the first block of a chain. In Byron only a boundary block is
	// that: of epoch 0, or with an attribute that says so.
	Prev    Hash
	HasPrev bool

	// BodyHash and BodySize (bytes) bind the body to the header from Shelley
	// on. A Byron boundary header has only the hash; a regular Byron header has
	// a proof of several parts instead, and both are zero.
	BodyHash Hash
	BodySize uint32

	tie tiePlace
}

// Point returns the header's point.
func (h *Header) Point() Point { return Point{h.Slot, h.Hash} }

// Tip returns the header as the tip of a chain.
func (h *Header) Tip() Tip { return Tip{h.Point(), h.BlockNo} }

// PrevIs reports whether the header names the block with point p as the one before
// it; [Origin] stands for the start of the chain. For the other rules between the two
// see [Parent].
func (h *Header) PrevIs(p Point) bool {
	if p.IsOrigin() {
		return !h.HasPrev
	}
	return h.PrevHashIs(p.Hash)
}

// PrevHashIs is PrevIs for a block of which the hash alone is known.
func (h *Header) PrevHashIs(hash Hash) bool { return h.HasPrev && h.Prev == hash }

// ParseHeader reads a header and computes its hash. raw.Bytes must be one
// complete header of the era's layout, with nothing after it. Signatures,
// proofs and the place in the chain are not checked.
//
// The network is asked for the length of Byron's epochs only.
// (points-headers-blocks, 7 and 8)
func (n Network) ParseHeader(raw RawHeader) (Header, error) {
	return n.parseHeader(raw)
}

func (n *Network) parseHeader(raw RawHeader) (Header, error) {
	h := Header{Raw: raw}
	r := cbor.NewReader(raw.Bytes)
	switch {
	case !raw.Era.Known():
		checkEra(&r, raw.Era, "header")
	case raw.Era == Byron:
		n.parseByron(&h, &r)
	default:
		s, tie := readShelleyHeader(&r, raw.Era)
		h.tie = tie.checked(raw.Bytes, &s)
		h.Slot, h.BlockNo = s.Slot, s.BlockNo
		h.Prev, h.HasPrev = s.Prev, s.HasPrev
		h.BodyHash, h.BodySize = s.BodyHash, s.BodySize
	}
	if err := r.Close(); err != nil {
		return Header{}, raw.malformed(err)
	}
	h.Hash = raw.hash()
	return h, nil
}

func (n *Network) parseByron(h *Header, r *cbor.Reader) {
	b := readByronHeader(r, h.Raw.EBB)
	// As in the Haskell node, a slot may be beyond the end of its epoch, and all is
	// cut to 64 bits, but a boundary block is in the first slot of an epoch.
	// (cardano-ledger, Slotting/EpochAndSlotCount.hs; ouroboros-consensus,
	// Byron/Ledger/HeaderValidation.hs)
	length := n.Eras[Byron].EpochLength
	h.Slot = Slot(b.Epoch*length + b.SlotInEpoch)
	if h.Raw.EBB && length > 0 && uint64(h.Slot)%length != 0 {
		r.Fail("first slot of an epoch before this")
	}
	h.BlockNo = b.Difficulty
	h.BodyHash = b.BodyHash
	if h.HasPrev = !b.Genesis; h.HasPrev {
		h.Prev = b.Prev
	}
}

// hash computes the header hash. Byron's is over the header in an envelope
// that tells boundary headers from regular ones. (points-headers-blocks, 7)
func (h RawHeader) hash() Hash {
	if h.Era != Byron {
		return sum256(h.Bytes)
	}
	var buf [1024]byte // most Byron headers are well below this
	b := append(buf[:0], 0x82, 1)
	if h.EBB {
		b[1] = 0
	}
	return sum256(append(b, h.Bytes...))
}
