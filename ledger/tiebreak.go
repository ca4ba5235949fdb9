package ledger

import (
	"bytes"
	"math"
)

// TieBreak has the fields of a header that decide between chains of equal length. Byte
// slices are part of the headers' bytes, or copies if they came in chunks.
type TieBreak struct {
	Issuer  []byte // cold key, 32 bytes
	Counter uint64 // issue number of the operational certificate
	VRF     []byte // output of the leader proof, 64 bytes
}

// TieBreak returns the fields of a header that decide between chains of equal length,
// from Shelley on; ok is false for Byron. A header that [Network.ParseHeader] returned
// is not read again for it, as long as Raw has its bytes and they are laid out as nodes
// do it.
func (h *Header) TieBreak() (t TieBreak, ok bool) {
	if b := h.Raw.Bytes; h.tie.vrf > 0 && int(h.tie.vrf)+vrfOutputSize <= len(b) {
		return TieBreak{b[h.tie.issuer:][:vkeySize], h.tie.counter, b[h.tie.vrf:][:vrfOutputSize]}, true
	}
	s, ok := h.Shelley()
	return TieBreak{s.Issuer, s.OCert.Counter, s.LeaderVRF.Output}, ok
}

// tiePlace is where in a header's bytes the tie-break is; zero if that is not known. It
// is all that is kept of it: 16 bytes a header.
type tiePlace struct {
	counter     uint64
	issuer, vrf uint16 // the issuer comes first
}

// tieEnds is where the issuer and the certificate of the leader's proof end.
type tieEnds struct{ issuer, cert int }

// checked returns the place, if issuer and output are there in one piece each. So they
// are not where they came in chunks, or with wider heads than they need.
func (e tieEnds) checked(b []byte, s *ShelleyHeader) tiePlace {
	const proofHead = 2
	issuer, vrf := e.issuer-vkeySize, e.cert-vrfProofSize-proofHead-vrfOutputSize
	if issuer < 0 || vrf < issuer || vrf > math.MaxUint16 ||
		!bytes.Equal(b[issuer:][:vkeySize], s.Issuer) || !bytes.Equal(b[vrf:][:vrfOutputSize], s.LeaderVRF.Output) {
		return tiePlace{}
	}
	return tiePlace{s.OCert.Counter, uint16(issuer), uint16(vrf)}
}
