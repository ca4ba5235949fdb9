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

// special are the unicast blocks that lead nowhere outside one host, site or
// provider, beyond those that netip knows. (IANA special-purpose address
// registries, RFC 6890)
var special = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"),     // this network
	netip.MustParsePrefix("100.64.0.0/10"), // shared by customers of a provider
	netip.MustParsePrefix("192.0.0.0/24"),  // protocol assignments
	netip.MustParsePrefix("198.18.0.0/15"), // benchmarks
	netip.MustParsePrefix("240.0.0.0/4"),   // reserved
	netip.MustParsePrefix("64:ff9b:1::/48"),
	netip.MustParsePrefix("100::/64"), // discarded
	netip.MustParsePrefix("fec0::/10"),
}

// Routable reports whether nodes anywhere on the Internet can dial a: it is
// unicast, and neither loopback, link-local, private nor of another block that
// is not routed. Addresses for documentation count as routable: they belong to
// no host.
func Routable(a netip.Addr) bool {
	a = a.Unmap()
	if !a.IsGlobalUnicast() || a.IsPrivate() || a.Zone() != "" {
		return false
	}
	for _, p := range special {
		if p.Contains(a) {
			return false
		}
	}
	return true
}
