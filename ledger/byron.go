package ledger

import (
	"math"

	"github.com/ouronet/ouronet/internal/cbor"
)

// byronKeySize is the size of a Byron key: Ed25519 key and chain code.
const byronKeySize = 64

// ByronHeader is all that a Byron header says. Byte slices are part of the
// header's bytes; those that end in CBOR are whole items, as they go into the
// signed message. (points-headers-blocks, 8; header-validation, 13)
type ByronHeader struct {
	Magic       uint32
	Prev        Hash // the Byron genesis hash for the first block
	Epoch       uint64
	SlotInEpoch uint64 // 0 for a boundary header
	Difficulty  BlockNo

	// BodyHash is a boundary header's.
	BodyHash Hash

	// The rest is empty in a boundary header.

	BodyProofCBOR, SlotCBOR, DifficultyCBOR, ExtraCBOR []byte

	Issuer      []byte // 64 bytes
	Certificate ByronCertificate
	Signature   []byte // of the block, 64 bytes
}

// ByronCertificate lets a delegate sign blocks for a genesis key.
type ByronCertificate struct {
	Epoch      uint64
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

func readByronHeader(r *cbor.Reader, ebb bool) (b ByronHeader) {
	outer := openRecord(r, 5)
	b.Magic = uint32(r.UintMax(math.MaxUint32))
	b.Prev = readHash(r)
	if ebb {
		b.readBoundary(r)
	} else {
		b.readRegular(r)
	}
	closeRecord(r, outer)
	return b
}

func (b *ByronHeader) readBoundary(r *cbor.Reader) {
	b.BodyHash = readHash(r)
	consensus := openRecord(r, 2)
	b.Epoch = r.UintMax(maxByronEpoch)
	difficulty := openRecord(r, 1)
	b.Difficulty = BlockNo(r.Uint())
	closeRecord(r, difficulty)
	closeRecord(r, consensus)
	r.Raw() // attributes
}

func (b *ByronHeader) readRegular(r *cbor.Reader) {
	b.BodyProofCBOR = r.Raw()
	consensus := openRecord(r, 4)

	in, start := r.Rest(), r.Pos()
	slot := openRecord(r, 2)
	b.Epoch = r.UintMax(maxByronEpoch)
	b.SlotInEpoch = r.UintMax(math.MaxUint32)
	closeRecord(r, slot)
	b.SlotCBOR = in[:r.Pos()-start]

	b.Issuer = r.BytesLen(byronKeySize)

	in, start = r.Rest(), r.Pos()
	difficulty := openRecord(r, 1)
	b.Difficulty = BlockNo(r.Uint())
	closeRecord(r, difficulty)
	b.DifficultyCBOR = in[:r.Pos()-start]

	// The decoder of the Haskell node takes kind 2 only.
	// (points-headers-blocks, Disagreements 5)
	sig := openRecord(r, 2)
	if r.Uint() != 2 {
		r.Fail("block signature of kind 2")
	}
	delegated := openRecord(r, 2)
	cert := openRecord(r, 4)
	b.Certificate.Epoch = r.Uint()
	b.Certificate.GenesisKey = r.BytesLen(byronKeySize)
	b.Certificate.Delegate = r.BytesLen(byronKeySize)
	b.Certificate.Signature = r.BytesLen(ed25519Size)
	closeRecord(r, cert)
	b.Signature = r.BytesLen(ed25519Size)
	closeRecord(r, delegated)
	closeRecord(r, sig)

	closeRecord(r, consensus)
	b.ExtraCBOR = r.Raw()
}

// maxByronEpoch, 200,000 years, keeps a slot number made of an epoch far from
// overflowing whatever k is.
const maxByronEpoch = 1 << 24
