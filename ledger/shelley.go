package ledger

import (
	"math"

	"github.com/ouronet/ouronet/internal/cbor"
)

// Sizes in bytes of what a header from Shelley on carries. (header-validation,
// 2 to 6)
const (
	vkeySize      = 32
	vrfOutputSize = 64
	vrfProofSize  = 80
	ed25519Size   = 64
	kesSize       = 448
)

// ShelleyHeader is all that a header of Shelley or a later era says. Byte
// slices are part of the header's bytes. (points-headers-blocks, 8)
type ShelleyHeader struct {
	BlockNo  BlockNo
	Slot     Slot
	Prev     Hash
	HasPrev  bool
	Issuer   []byte // cold Ed25519 key, 32 bytes
	VRFKey   []byte // 32 bytes
	BodySize uint32 // bytes
	BodyHash Hash
	OCert    OCert

	// LeaderVRF is the proof of leadership. NonceVRF, which feeds the epoch
	// nonce, is a proof of its own up to Alonzo and the same one from Babbage
	// on. Between chains of equal length, chain selection compares LeaderVRF's
	// output as it is here, not hashed again. (ouroboros-consensus:
	// ouroboros-consensus-cardano, Shelley/Protocol/{Praos,TPraos}.hs,
	// pTieBreakVRFValue)
	LeaderVRF, NonceVRF VRFCert

	// Major and Minor are the issuer's protocol version.
	Major, Minor uint64

	// Body is the header body, the bytes that Signature (KES, 448 bytes) signs.
	Body, Signature []byte
}

// VRFCert is a VRF output (64 bytes) with its proof (80 bytes).
type VRFCert struct{ Output, Proof []byte }

// OCert is an operational certificate.
type OCert struct {
	HotKey    []byte // KES key, 32 bytes
	Counter   uint64 // issue number
	KESPeriod uint64 // the first one it is for
	Signature []byte // of the cold key, 64 bytes
}

// Shelley reads all fields of the header again; ok is false for Byron's.
func (h *Header) Shelley() (s ShelleyHeader, ok bool) {
	if h.Raw.Era == Byron {
		return ShelleyHeader{}, false
	}
	r := cbor.NewReader(h.Raw.Bytes)
	s = readShelleyHeader(&r, h.Raw.Era)
	return s, r.Err() == nil
}

// shelleyFields returns the number of fields of a header body.
func shelleyFields(e Era) int {
	if e < Babbage {
		return 15 // TPraos: certificate and version in line, two VRF proofs
	}
	return 10
}

func readShelleyHeader(r *cbor.Reader, e Era) (s ShelleyHeader) {
	outer := openRecord(r, 2)
	before := r.Rest()
	start := r.Pos()
	inner := openRecord(r, shelleyFields(e))
	s.BlockNo = BlockNo(r.Uint())
	s.Slot = Slot(r.Uint())
	if s.HasPrev = !r.Null(); s.HasPrev {
		s.Prev = readHash(r)
	}
	s.Issuer = r.BytesLen(vkeySize)
	s.VRFKey = r.BytesLen(vkeySize)
	s.NonceVRF = readVRFCert(r)
	s.LeaderVRF = s.NonceVRF
	if e < Babbage {
		s.LeaderVRF = readVRFCert(r)
	}
	s.BodySize = uint32(r.UintMax(math.MaxUint32))
	s.BodyHash = readHash(r)
	nested := e >= Babbage
	var ocert, version bool
	if nested {
		ocert = openRecord(r, 4)
	}
	s.OCert.HotKey = r.BytesLen(vkeySize)
	s.OCert.Counter = r.Uint()
	s.OCert.KESPeriod = r.Uint()
	s.OCert.Signature = r.BytesLen(ed25519Size)
	if nested {
		closeRecord(r, ocert)
		version = openRecord(r, 2)
	}
	s.Major, s.Minor = r.Uint(), r.Uint()
	if nested {
		closeRecord(r, version)
	}
	closeRecord(r, inner)
	s.Body = before[:r.Pos()-start]
	s.Signature = r.BytesLen(kesSize)
	closeRecord(r, outer)
	return s
}

func readVRFCert(r *cbor.Reader) (c VRFCert) {
	indefinite := openRecord(r, 2)
	c.Output = r.BytesLen(vrfOutputSize)
	c.Proof = r.BytesLen(vrfProofSize)
	closeRecord(r, indefinite)
	return c
}
