package ledger

import "github.com/ouronet/ouronet/internal/cbor"

// encodeBody makes Body, a header body as it came, what is signed. The reference
// does not keep the bytes of a header body: it decodes it, and the signature is
// of what it encodes of that, with definite lengths and the shortest heads. Of
// all encodings that it reads, this is the only one so short, so the length tells
// whether the bytes are in it. (cardano-ledger: cardano-protocol,
// SignableRepresentation of BHBody and HeaderBody)
func (s *ShelleyHeader) encodeBody(fields int) {
	if n := s.bodyLen(fields); n != len(s.Body) {
		s.Body = s.appendBody(make([]byte, 0, n), fields)
	}
}

// vrfCertLen is the length of an encoded VRF certificate: heads of 1, 2 and 2
// bytes, output and proof.
const vrfCertLen = 5 + vrfOutputSize + vrfProofSize

// fixedLen is the length of what is the same in all header bodies: the heads of
// the body's array and of six strings of 32 or 64 bytes, and these, with one VRF
// certificate.
const fixedLen = 1 + 5*(2+vkeySize) + 2 + ed25519Size + vrfCertLen

// bodyLen returns the length of what appendBody appends.
func (s *ShelleyHeader) bodyLen(fields int) int {
	n := fixedLen +
		cbor.HeadLen(uint64(s.BlockNo)) + cbor.HeadLen(uint64(s.Slot)) + cbor.HeadLen(uint64(s.BodySize)) +
		cbor.HeadLen(s.OCert.Counter) + cbor.HeadLen(s.OCert.KESPeriod) +
		cbor.HeadLen(s.Major) + s.minorLen()
	if !s.HasPrev {
		n -= 1 + len(s.Prev) // null
	}
	if fields == tpraosFields {
		return n + vrfCertLen
	}
	n += 2 // the heads of certificate and version
	if !s.HasLeios {
		return n
	}
	n += 2 // bool and null, or the head of the announcement
	if s.Leios.Announced {
		n += 2 + len(s.Leios.EndorserBlock) + cbor.HeadLen(uint64(s.Leios.EndorserSize))
	}
	return n
}

func (s *ShelleyHeader) minorLen() int {
	if n := len(s.bigMinor); n > 0 {
		return 1 + cbor.HeadLen(uint64(n)) + n
	}
	return cbor.HeadLen(s.Minor)
}

func (s *ShelleyHeader) appendBody(dst []byte, fields int) []byte {
	dst = cbor.AppendArray(dst, fields)
	dst = cbor.AppendUint(dst, uint64(s.BlockNo))
	dst = cbor.AppendUint(dst, uint64(s.Slot))
	if s.HasPrev {
		dst = cbor.AppendBytes(dst, s.Prev[:])
	} else {
		dst = cbor.AppendNull(dst)
	}
	dst = cbor.AppendBytes(dst, s.Issuer)
	dst = cbor.AppendBytes(dst, s.VRFKey)
	dst = s.NonceVRF.append(dst)
	nested := fields != tpraosFields
	if !nested {
		dst = s.LeaderVRF.append(dst)
	}
	dst = cbor.AppendUint(dst, uint64(s.BodySize))
	dst = cbor.AppendBytes(dst, s.BodyHash[:])
	if nested {
		dst = cbor.AppendArray(dst, 4)
	}
	dst = cbor.AppendBytes(dst, s.OCert.HotKey)
	dst = cbor.AppendUint(dst, s.OCert.Counter)
	dst = cbor.AppendUint(dst, s.OCert.KESPeriod)
	dst = cbor.AppendBytes(dst, s.OCert.Signature)
	if nested {
		dst = cbor.AppendArray(dst, 2)
	}
	dst = cbor.AppendUint(dst, s.Major)
	dst = s.appendMinor(dst)
	if s.HasLeios {
		dst = s.Leios.append(dst)
	}
	return dst
}

func (l *LeiosFields) append(dst []byte) []byte {
	dst = cbor.AppendBool(dst, l.CertInBody)
	if !l.Announced {
		return cbor.AppendNull(dst)
	}
	dst = cbor.AppendArray(dst, 2)
	dst = cbor.AppendBytes(dst, l.EndorserBlock[:])
	return cbor.AppendUint(dst, uint64(l.EndorserSize))
}

func (s *ShelleyHeader) appendMinor(dst []byte) []byte {
	if len(s.bigMinor) > 0 {
		return cbor.AppendBytes(append(dst, bigPositive), s.bigMinor)
	}
	return cbor.AppendUint(dst, s.Minor)
}

func (c *VRFCert) append(dst []byte) []byte {
	dst = cbor.AppendArray(dst, 2)
	dst = cbor.AppendBytes(dst, c.Output)
	return cbor.AppendBytes(dst, c.Proof)
}
