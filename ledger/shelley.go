package ledger

import (
	"fmt"
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

// ShelleyHeader has all fields of a header of Shelley or a later era. Byte slices are
// part of the header's bytes, or copies if they came in chunks. (points-headers-blocks,
// 8)
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

	// Major and Minor are the issuer's protocol version. Minor is the largest
	// uint64 if the header has a larger number.
	Major, Minor uint64
	bigMinor     []byte // a larger Minor, big-endian

	// HasLeios says that the header body has the fields of Leios, and Leios
	// what they are. Dijkstra's headers may have them.
	HasLeios bool
	Leios    LeiosFields

	// Body is what Signature (KES, 448 bytes) signs: the header body in the
	// reference's own encoding. It is part of the header's bytes if they are in
	// that encoding, as a node makes them, and otherwise encoded again.
	Body, Signature []byte
}

// LeiosFields are what Leios adds to a header. (cardano-ledger:
// libs/cardano-protocol, Leios/BlockHeader.hs)
type LeiosFields struct {
	CertInBody bool // the block body has a Leios certificate

	// Announced says that the header announces an endorser block: the one with
	// the hash EndorserBlock, whose closure has EndorserSize bytes.
	Announced     bool
	EndorserBlock Hash
	EndorserSize  uint32
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
	s, _ = readShelleyHeader(&r, h.Raw.Era)
	if r.Err() != nil {
		return ShelleyHeader{}, false
	}
	fields := shelleyFields(h.Raw.Era)
	if s.HasLeios {
		fields += leiosFields
	}
	s.encodeBody(fields)
	return s, true
}

// The number of fields of a header body.
const (
	tpraosFields = 15 // certificate and version in line, two VRF proofs
	praosFields  = 10
	leiosFields  = 2 // after those of Praos, see [LeiosFields]
)

// shelleyFields returns the number of fields of a header body that all headers
// of an era have.
func shelleyFields(e Era) int {
	if e < Babbage {
		return tpraosFields
	}
	return praosFields
}

// openBody reads the head of a header body. It returns the number of fields that
// all headers of the era have and how many come after these, or
// [cbor.Indefinite]: Dijkstra's headers may have the fields of Leios. Its
// consensus code has none yet, the Leios test network has them. (next-era, 1)
func openBody(r *cbor.Reader, e Era) (fields, more int) {
	fields = shelleyFields(e)
	switch n := r.ArrayAny(); {
	case n == cbor.Indefinite:
		return fields, n
	case n == fields, n == fields+leiosFields && e >= Dijkstra:
		return fields, n - fields
	}
	r.Fail(fmt.Sprintf("array of %d", fields))
	return fields, 0
}

// readFixed reads a byte string of n bytes. From Dijkstra on, whose version is
// 12, it may come in chunks. (cardano-ledger: cardano-ledger-binary,
// Decoding/Decoder.hs, decodeBytes)
func readFixed(r *cbor.Reader, n int, e Era) []byte {
	if e < Dijkstra {
		return r.BytesLen(n)
	}
	b := r.BytesAny()
	if len(b) != n {
		r.Fail(fmt.Sprintf("byte string of %d bytes before this", n))
		return nil
	}
	return b
}

func readEraHash(r *cbor.Reader, e Era) (h Hash) {
	copy(h[:], readFixed(r, len(h), e))
	return h
}

// maxMajor is the highest major protocol version that the reference's decoder
// takes, whatever the era. (cardano-ledger: cardano-ledger-binary, Version.hs,
// MaxVersion)
const maxMajor = 13

// readShelleyHeader takes what the reference's decoder takes and nothing else:
//
//	header, header body, and Praos's     definite or indefinite array
//	  nested certificate and version
//	VRF certificate                      definite array; from Dijkstra on any
//	block number, slot, issue number,    unsigned integer of 64 bits
//	  KES period
//	body size                            unsigned integer of 32 bits
//	major version                        unsigned integer of at most maxMajor
//	minor version                        any natural number, see [readNatural];
//	                                       from Dijkstra on an unsigned integer
//	                                       of 32 bits
//	previous hash                        32 bytes, or null
//	keys, hashes, proofs, signatures     definite byte string of that size; from
//	                                       Dijkstra on in chunks, too
//	Leios' fields, in Dijkstra           bool, then null or [hash, unsigned
//	                                       integer of 32 bits], any array
//
// Heads may be wider than they need be. The reference reads a VRF output of any
// size, but no proof proves one that is not of 64 bytes.
//
// The minor version is read as cardano-node 11.0 does; from cardano-ledger-core
// 1.21 on it has at most 32 bits. (cardano-ledger: cardano-protocol,
// TPraos/BlockHeader.hs, BHBody and BHeaderRaw, Praos/BlockHeader.hs, HeaderBody
// and HeaderRaw, and TPraos/OCert.hs; cardano-ledger-binary,
// Decoding/DecCBOR.hs, CertifiedVRF; cardano-ledger-core, BaseTypes.hs, ProtVer)
func readShelleyHeader(r *cbor.Reader, e Era) (s ShelleyHeader, tie tieEnds) {
	outer := openRecord(r, 2)
	before := r.Rest()
	start := r.Pos()
	fields, more := openBody(r, e)
	s.BlockNo = BlockNo(r.Uint())
	s.Slot = Slot(r.Uint())
	if s.HasPrev = !r.Null(); s.HasPrev {
		s.Prev = readEraHash(r, e)
	}
	s.Issuer = readFixed(r, vkeySize, e)
	tie.issuer = r.Pos()
	s.VRFKey = readFixed(r, vkeySize, e)
	s.NonceVRF = readVRFCert(r, e)
	s.LeaderVRF = s.NonceVRF
	if fields == tpraosFields {
		s.LeaderVRF = readVRFCert(r, e)
	}
	tie.cert = r.Pos()
	s.BodySize = uint32(r.UintMax(math.MaxUint32))
	s.BodyHash = readEraHash(r, e)
	nested := fields != tpraosFields
	var ocert, version bool
	if nested {
		ocert = openRecord(r, 4)
	}
	s.OCert.HotKey = readFixed(r, vkeySize, e)
	s.OCert.Counter = r.Uint()
	s.OCert.KESPeriod = r.Uint()
	s.OCert.Signature = readFixed(r, ed25519Size, e)
	if nested {
		closeRecord(r, ocert)
		version = openRecord(r, 2)
	}
	s.Major = r.UintMax(maxMajor)
	if e < Dijkstra {
		s.Minor, s.bigMinor = readNatural(r)
	} else {
		s.Minor = r.UintMax(math.MaxUint32)
	}
	if nested {
		closeRecord(r, version)
	}
	if s.HasLeios = r.More(&more) && e >= Dijkstra; s.HasLeios {
		s.Leios = readLeios(r, &more)
		r.More(&more)
	}
	if more != 0 {
		r.Fail("end of header body")
	}
	s.Body = before[:r.Pos()-start]
	s.Signature = readFixed(r, kesSize, e)
	closeRecord(r, outer)
	return s, tie
}

// readLeios reads the fields of Leios, the last ones of a header body.
func readLeios(r *cbor.Reader, more *int) (l LeiosFields) {
	l.CertInBody = r.Bool()
	if !r.More(more) {
		r.Fail("endorser block announcement")
	}
	if l.Announced = !r.Null(); l.Announced {
		indefinite := openRecord(r, 2)
		l.EndorserBlock = readEraHash(r, Dijkstra)
		l.EndorserSize = uint32(r.UintMax(math.MaxUint32))
		closeRecord(r, indefinite)
	}
	return l
}

func readVRFCert(r *cbor.Reader, e Era) (c VRFCert) {
	indefinite := false
	if e < Dijkstra {
		r.ArrayLen(2)
	} else {
		indefinite = openRecord(r, 2)
	}
	c.Output = readFixed(r, vrfOutputSize, e)
	c.Proof = readFixed(r, vrfProofSize, e)
	closeRecord(r, indefinite)
	return c
}

// readNatural reads a natural number of any size. One of more than 64 bits is in
// big, big-endian, and v is the largest uint64. (cborg: Codec.CBOR.Read,
// tryConsumeInteger)
func readNatural(r *cbor.Reader) (v uint64, big []byte) {
	if next(r) != bigPositive {
		return r.Uint(), nil
	}
	n := readInteger(r)
	if n.IsUint64() {
		return n.Uint64(), nil
	}
	return math.MaxUint64, n.Bytes()
}
