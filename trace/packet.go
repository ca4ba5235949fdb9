package trace

import (
	"encoding/binary"
	"net/netip"
)

const (
	protocolTCP = 6
	etherIPv4   = 0x0800
	etherIPv6   = 0x86dd
	etherVLAN   = 0x8100
)

// tcpSegment is a TCP segment of a packet.
type tcpSegment struct {
	src, dst netip.AddrPort
	seq      uint32
	flags    byte
	data     []byte
}

// parsePacket finds the TCP segment in a packet of a kind of link.
func parsePacket(link uint32, b []byte) (tcpSegment, bool) {
	var ether uint16
	switch link {
	case 0, 108: // loopback of BSD: the address family in the host's order
		b = cut(b, 4)
	case 1: // Ethernet
		for ether, b = etherType(b, 12); ether == etherVLAN; {
			ether, b = etherType(b, 2)
		}
		if ether != etherIPv4 && ether != etherIPv6 {
			return tcpSegment{}, false
		}
	case 113: // Linux, "any" interface
		b = cut(b, 16)
	case 276: // the same, version 2
		b = cut(b, 20)
	case 12, 14, linkRaw, 228, 229:
	default:
		return tcpSegment{}, false
	}
	if len(b) == 0 {
		return tcpSegment{}, false
	}
	switch b[0] >> 4 {
	case 4:
		return parseIPv4(b)
	case 6:
		return parseIPv6(b)
	}
	return tcpSegment{}, false
}

func cut(b []byte, n int) []byte { return b[min(n, len(b)):] }

func etherType(b []byte, at int) (uint16, []byte) {
	if len(b) < at+2 {
		return 0, nil
	}
	return binary.BigEndian.Uint16(b[at:]), b[at+2:]
}

// parseIPv4 leaves out fragments, which TCP avoids.
func parseIPv4(b []byte) (tcpSegment, bool) {
	if len(b) < ipHead {
		return tcpSegment{}, false
	}
	head, total := int(b[0]&15)*4, int(binary.BigEndian.Uint16(b[2:]))
	if total == 0 {
		total = len(b) // left to the network card
	}
	fragment := binary.BigEndian.Uint16(b[6:]) & 0x3fff
	if head < ipHead || total < head || total > len(b) || b[9] != protocolTCP || fragment != 0 {
		return tcpSegment{}, false
	}
	src, _ := netip.AddrFromSlice(b[12:16])
	dst, _ := netip.AddrFromSlice(b[16:20])
	return parseTCP(src, dst, b[head:total])
}

// parseIPv6 takes packets without extension headers.
func parseIPv6(b []byte) (tcpSegment, bool) {
	if len(b) < 40 || b[6] != protocolTCP {
		return tcpSegment{}, false
	}
	n := int(binary.BigEndian.Uint16(b[4:]))
	if n == 0 {
		n = len(b) - 40
	}
	if n > len(b)-40 {
		return tcpSegment{}, false
	}
	src, _ := netip.AddrFromSlice(b[8:24])
	dst, _ := netip.AddrFromSlice(b[24:40])
	return parseTCP(src, dst, b[40:40+n])
}

func parseTCP(src, dst netip.Addr, b []byte) (tcpSegment, bool) {
	be := binary.BigEndian
	if len(b) < tcpHead {
		return tcpSegment{}, false
	}
	head := int(b[12]>>4) * 4
	if head < tcpHead || head > len(b) {
		return tcpSegment{}, false
	}
	return tcpSegment{
		src: netip.AddrPortFrom(src, be.Uint16(b)), dst: netip.AddrPortFrom(dst, be.Uint16(b[2:])),
		seq: be.Uint32(b[4:]), flags: b[13], data: b[head:],
	}, true
}
