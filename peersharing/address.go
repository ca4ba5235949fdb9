package peersharing

import (
	"encoding/binary"
	"math"
	"net/netip"

	"github.com/ouronet/ouronet/internal/cbor"
)

// The kinds of addresses.
const (
	kindIPv4 = 0
	kindIPv6 = 1
)

// maxAddress is the most bytes that an address takes: array, kind, four words
// of five bytes, port.
const maxAddress = 1 + 1 + 4*5 + 3

// appendAddress appends [0, word, port] or [1, word, word, word, word, port].
// The word of an IPv4 address has the first octet lowest, since it is what an
// x86 machine finds in memory; the words of an IPv6 address have it highest.
// (miniprotocols, 5)
//
// An IPv4 address in IPv6 form is written as IPv4. A zone is left out: it means
// nothing to others. p must be valid.
func appendAddress(dst []byte, p netip.AddrPort) []byte {
	if addr := p.Addr().Unmap(); addr.Is4() {
		b := addr.As4()
		dst = cbor.AppendMessage(dst, 3, kindIPv4)
		dst = cbor.AppendUint(dst, uint64(binary.LittleEndian.Uint32(b[:])))
	} else {
		b := addr.As16()
		dst = cbor.AppendMessage(dst, 6, kindIPv6)
		for w := 0; w < len(b); w += 4 {
			dst = cbor.AppendUint(dst, uint64(binary.BigEndian.Uint32(b[w:])))
		}
	}
	return cbor.AppendUint(dst, uint64(p.Port()))
}

// readAddress is the inverse of appendAddress. The array's length is not
// compared, as the Haskell node does not. (miniprotocols, 5)
func readAddress(r *cbor.Reader) netip.AddrPort {
	r.Array()
	var addr netip.Addr
	switch kind := r.UintMax(kindIPv6); kind {
	case kindIPv4:
		var b [4]byte
		binary.LittleEndian.PutUint32(b[:], readWord(r))
		addr = netip.AddrFrom4(b)
	case kindIPv6:
		var b [16]byte
		for w := 0; w < len(b); w += 4 {
			binary.BigEndian.PutUint32(b[w:], readWord(r))
		}
		addr = netip.AddrFrom16(b).Unmap()
	}
	return netip.AddrPortFrom(addr, uint16(r.UintMax(math.MaxUint16)))
}

func readWord(r *cbor.Reader) uint32 { return uint32(r.UintMax(math.MaxUint32)) }

// shareable reports whether p can be of use to somebody else.
func shareable(p netip.AddrPort) bool {
	a := p.Addr().Unmap()
	return a.IsValid() && p.Port() != 0 && a.Zone() == "" && !a.IsUnspecified() && !a.IsMulticast()
}
