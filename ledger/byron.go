package ledger

import (
	"math"

	"github.com/ouronet/ouronet/internal/cbor"
)

// byronKeySize is the size of a Byron key: Ed25519 key and chain code.
const byronKeySize = 64

// ByronHeader has all fields of a Byron header. Byte slices are part of the header's
// bytes; those that end in CBOR are whole items, as they go into the signed message.
// (points-headers-blocks, 8; header-validation, 13)
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

// readByronHeader takes what the Haskell node's decoder takes and nothing else;
// shape says how its heads may differ. (cardano-ledger, eras/byron, Block/Header.hs,
// decCBORAHeader and decCBORABoundaryHeader, and Delegation/Certificate.hs)
func readByronHeader(r *cbor.Reader, ebb bool) (b ByronHeader) {
	r.ArrayLen(5)
	if ebb {
		b.readBoundary(r)
	} else {
		b.readRegular(r)
	}
	return b
}

// readBoundary reads a body hash of 32 bytes, as [Block.CheckBody] compares it. The
// Haskell node drops a byte string of any length there.
func (b *ByronHeader) readBoundary(r *cbor.Reader) {
	int32Shape.read(r) // magic
	b.Prev = readHash(r)
	b.BodyHash = readHash(r)
	r.ArrayLen(2)
	b.Epoch = r.Uint()
	r.ArrayLen(1)
	b.Difficulty = BlockNo(r.Uint())
	r.ArrayLen(1)
	attributes := part(r, &attributesShape)
	b.Genesis = b.Epoch == 0 || saysGenesis(attributes)
}

// saysGenesis reports whether attributes of a boundary header say that a chain
// starts with it, though in another epoch than 0. (cardano-ledger,
// Block/Boundary.hs, dropBoundaryExtraHeaderDataRetainGenesisTag)
func saysGenesis(attributes []byte) bool {
	r := cbor.NewReader(attributes)
	for n := r.Map(); r.More(&n); {
		key := r.Uint()
		if value := r.Bytes(); key == 255 && string(value) == "Genesis" {
			return true
		}
	}
	return false
}

func (b *ByronHeader) readRegular(r *cbor.Reader) {
	b.Magic = uint32(r.UintMax(math.MaxUint32))
	from := r.Rest()
	b.Prev = readHash(r)
	b.PrevCBOR = taken(r, from)
	b.BodyProofCBOR = part(r, &byronProofShape)

	r.ArrayLen(4)
	from = r.Rest()
	r.ArrayLen(2)
	b.Epoch, b.SlotInEpoch = r.Uint(), r.Uint()
	b.SlotCBOR = taken(r, from)
	b.Issuer = readByronKey(r)
	from = r.Rest()
	r.ArrayLen(1)
	b.Difficulty = BlockNo(r.Uint())
	b.DifficultyCBOR = taken(r, from)

	r.ArrayLen(2)
	if r.UintMax(math.MaxUint8) != delegatedSignature {
		r.Fail("kind of a delegated signature before this")
	}
	r.ArrayLen(2)
	c := &b.Certificate
	r.ArrayLen(4)
	from = r.Rest()
	c.Epoch = r.Uint()
	c.EpochCBOR = taken(r, from)
	c.GenesisKey = readByronKey(r)
	c.Delegate = readByronKey(r)
	c.Signature = r.BytesLen(ed25519Size)
	b.Signature = r.BytesLen(ed25519Size)
	b.ExtraCBOR = part(r, &byronVersionsShape)
}

// delegatedSignature is the kind of block signature that a delegate makes, the
// only one that there is.
const delegatedSignature = 2

// readByronKey reads a key, as keyShape does.
func readByronKey(r *cbor.Reader) []byte {
	start := r.Pos()
	key := r.BytesLen(byronKeySize)
	shortest(r, start, cbor.HeadLen(byronKeySize)+byronKeySize)
	return key
}
