package ledger

import (
	"github.com/ouronet/ouronet/internal/cbor"
)

// byronKeySize is the size of a Byron key: Ed25519 key and chain code.
const byronKeySize = 64

// ByronHeader is all that a Byron header says. Byte slices are part of the
// header's bytes; those that end in CBOR are whole items, as they go into the
// signed message. (points-headers-blocks, 8; header-validation, 13)
type ByronHeader struct {
	// Magic of a boundary header can be anything, and is zero here.
	Magic uint32

	Prev        Hash // the Byron genesis hash for the first block
	Epoch       uint64
	SlotInEpoch uint64 // 0 for a boundary header
	Difficulty  BlockNo

	// BodyHash is a boundary header's, and so is Genesis: the header names the
	// genesis hash as its predecessor, in whatever epoch.
	BodyHash Hash
	Genesis  bool

	// The rest is empty in a boundary header.

	PrevCBOR, BodyProofCBOR, SlotCBOR, DifficultyCBOR, ExtraCBOR []byte

	Issuer      []byte // 64 bytes
	Certificate ByronCertificate
	Signature   []byte // of the block, 64 bytes
}

// ByronCertificate lets a delegate sign blocks for a genesis key.
type ByronCertificate struct {
	Epoch      uint64
	EpochCBOR  []byte
	GenesisKey []byte // 64 bytes
	Delegate   []byte // 64 bytes
	Signature  []byte // 64 bytes
}

// Byron reads all fields of a Byron header again; ok is false for other eras.
func (h *Header) Byron() (b ByronHeader, ok bool) {
	if h.Raw.Era != Byron {
		return ByronHeader{}, false
	}
	r := cbor.NewReader(h.Raw.Bytes)
	b = readByronHeader(&r, h.Raw.EBB)
	return b, r.Err() == nil
}

// readByronHeader reads a header of the right shape; of another one it reads
// some of the fields, or none.
func readByronHeader(r *cbor.Reader, ebb bool) (b ByronHeader) {
	r.ArrayLen(5)
	if ebb {
		b.readBoundary(r)
	} else {
		b.readRegular(r)
	}
	return b
}

func (b *ByronHeader) readBoundary(r *cbor.Reader) {
	r.Int() // magic
	b.Prev = readHash(r)
	b.BodyHash = readHash(r)
	r.ArrayLen(2)
	b.Epoch = r.Uint()
	r.ArrayLen(1)
	b.Difficulty = BlockNo(r.Uint())

	// A chain that starts in another epoch than 0 says so in an attribute.
	// (cardano-ledger, Block/Boundary.hs, dropBoundaryExtraHeaderDataRetainGenesisTag)
	b.Genesis = b.Epoch == 0
	r.ArrayLen(1)
	for n := r.Map(); r.More(&n); {
		key := r.Uint()
		if value := r.Bytes(); key == 255 && string(value) == "Genesis" {
			b.Genesis = true
		}
	}
}

func (b *ByronHeader) readRegular(r *cbor.Reader) {
	b.Magic = uint32(r.Uint())
	from := r.Rest()
	b.Prev = readHash(r)
	b.PrevCBOR = taken(r, from)
	b.BodyProofCBOR = r.Raw()

	r.ArrayLen(4)
	from = r.Rest()
	r.ArrayLen(2)
	b.Epoch, b.SlotInEpoch = r.Uint(), r.Uint()
	b.SlotCBOR = taken(r, from)
	b.Issuer = r.BytesLen(byronKeySize)
	from = r.Rest()
	r.ArrayLen(1)
	b.Difficulty = BlockNo(r.Uint())
	b.DifficultyCBOR = taken(r, from)

	r.ArrayLen(2)
	r.Uint() // kind of signature
	r.ArrayLen(2)
	c := &b.Certificate
	r.ArrayLen(4)
	from = r.Rest()
	c.Epoch = r.Uint()
	c.EpochCBOR = taken(r, from)
	c.GenesisKey = r.BytesLen(byronKeySize)
	c.Delegate = r.BytesLen(byronKeySize)
	c.Signature = r.BytesLen(ed25519Size)
	b.Signature = r.BytesLen(ed25519Size)
	b.ExtraCBOR = r.Raw()
}
