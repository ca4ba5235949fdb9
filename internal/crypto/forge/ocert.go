package forge

import (
	"crypto/ed25519"
	"encoding/binary"
)

// Certificate is an operational certificate: the cold key lets a hot key sign.
// (header-validation, 4)
type Certificate struct {
	HotKey    []byte
	Counter   uint64
	KESPeriod uint64 // the first
	Signature []byte
}

// Certify signs a certificate.
func Certify(cold ed25519.PrivateKey, hot []byte, counter, period uint64) Certificate {
	message := append([]byte{}, hot...)
	message = binary.BigEndian.AppendUint64(message, counter)
	message = binary.BigEndian.AppendUint64(message, period)
	return Certificate{hot, counter, period, ed25519.Sign(cold, message)}
}
