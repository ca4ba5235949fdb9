package trace

import (
	"encoding/binary"
	"io"
	"net/netip"
	"time"
)

const (
	blockSection   = 0x0a0d0d0a
	blockInterface = 1
	blockPacket    = 6 // enhanced packet
	byteOrder      = 0x1a2b3c4d

	linkRaw = 101 // IPv4 or IPv6 without a link's header

	ipHead, tcpHead = 20, 20
	maxSegment      = 65535 - ipHead - tcpHead

	flagFIN, flagSYN, flagPSH, flagACK = 0x01, 0x02, 0x08, 0x10
)

// PcapngWriter writes connections as a pcapng capture, with made-up IPv4 and TCP
// headers, so that packet tools find the streams. Addresses that are not IPv4 are
// replaced by ones out of 10.0.0.0/8 that hold the record's ID. Decisions have no place
// in a capture and are left out.
type PcapngWriter struct {
	w     io.Writer
	begun bool
	conns map[uint32]*tcpConn
	buf   []byte
}

// tcpConn is a connection in the capture: index 0 is ours, 1 the peer's.
type tcpConn struct {
	addr [2]netip.AddrPort
	seq  [2]uint32
	open bool
}

// NewPcapngWriter writes to w, which gets whole blocks.
func NewPcapngWriter(w io.Writer) *PcapngWriter {
	return &PcapngWriter{w: w, conns: make(map[uint32]*tcpConn)}
}

// Write adds a record.
func (p *PcapngWriter) Write(r Record) error {
	p.buf = p.buf[:0]
	if !p.begun {
		p.begun = true
		p.begin()
	}
	c := p.conns[r.ID]
	switch {
	case r.Kind == Opened:
		p.conns[r.ID] = &tcpConn{addr: [2]netip.AddrPort{addrPort(r.Local, 1, r.ID), addrPort(r.Remote, 2, r.ID)}}
	case c == nil:
	case r.Kind == Received:
		p.data(c, r.Time, 1, r.Data)
	case r.Kind == Sent:
		p.data(c, r.Time, 0, r.Data)
	case r.Kind == Ended || r.Kind == Truncated:
		if c.open {
			p.packet(c, r.Time, 0, flagFIN|flagACK, nil)
			p.packet(c, r.Time, 1, flagFIN|flagACK, nil)
		}
		delete(p.conns, r.ID)
	}
	if len(p.buf) == 0 {
		return nil
	}
	_, err := p.w.Write(p.buf)
	return err
}

func addrPort(s string, side byte, id uint32) netip.AddrPort {
	if a, err := netip.ParseAddrPort(s); err == nil && a.Addr().Unmap().Is4() {
		return netip.AddrPortFrom(a.Addr().Unmap(), a.Port())
	}
	// 10.side.id.id, so that connections differ in the port when ids run over.
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, side, byte(id >> 8), byte(id)}), uint16(3000+id>>16))
}

// block appends a block of what fill appends.
func (p *PcapngWriter) block(kind uint32, fill func()) {
	le := binary.LittleEndian
	from := len(p.buf)
	p.buf = le.AppendUint64(p.buf, uint64(kind)) // kind, and room for the length
	fill()
	for len(p.buf)%4 != 0 {
		p.buf = append(p.buf, 0)
	}
	n := uint32(len(p.buf) - from + 4)
	le.PutUint32(p.buf[from+4:], n)
	p.buf = le.AppendUint32(p.buf, n)
}

func (p *PcapngWriter) begin() {
	le := binary.LittleEndian
	p.block(blockSection, func() {
		p.buf = le.AppendUint32(p.buf, byteOrder)
		p.buf = le.AppendUint32(p.buf, 1) // version 1.0
		p.buf = le.AppendUint64(p.buf, 1<<64-1)
	})
	p.block(blockInterface, func() {
		p.buf = le.AppendUint32(p.buf, linkRaw)
		p.buf = le.AppendUint32(p.buf, 0)             // no limit to the length
		p.buf = append(p.buf, 9, 0, 1, 0, 9, 0, 0, 0) // if_tsresol: nanoseconds
		p.buf = append(p.buf, 0, 0, 0, 0)             // end of the options
	})
}

// data appends bytes of one side; the first ones tell who connected.
func (p *PcapngWriter) data(c *tcpConn, at time.Time, from int, b []byte) {
	if !c.open {
		c.open = true
		p.packet(c, at, from, flagSYN, nil)
		p.packet(c, at, 1-from, flagSYN|flagACK, nil)
		p.packet(c, at, from, flagACK, nil)
	}
	for len(b) > 0 {
		n := min(len(b), maxSegment)
		p.packet(c, at, from, flagPSH|flagACK, b[:n])
		b = b[n:]
	}
}

func (p *PcapngWriter) packet(c *tcpConn, at time.Time, from int, flags byte, b []byte) {
	le := binary.LittleEndian
	size := uint32(ipHead + tcpHead + len(b))
	p.block(blockPacket, func() {
		ns := uint64(at.UnixNano())
		p.buf = le.AppendUint32(p.buf, 0)
		p.buf = le.AppendUint32(p.buf, uint32(ns>>32))
		p.buf = le.AppendUint32(p.buf, uint32(ns))
		p.buf = le.AppendUint32(p.buf, size)
		p.buf = le.AppendUint32(p.buf, size)
		p.segment(c, from, flags, b)
	})
	c.seq[from] += uint32(len(b))
	if flags&(flagSYN|flagFIN) != 0 {
		c.seq[from]++
	}
}

// segment appends the headers of IPv4 and TCP, and b.
func (p *PcapngWriter) segment(c *tcpConn, from int, flags byte, b []byte) {
	be := binary.BigEndian
	src, dst := c.addr[from], c.addr[1-from]
	ip := len(p.buf)
	p.buf = append(p.buf, 0x45, 0)
	p.buf = be.AppendUint16(p.buf, uint16(ipHead+tcpHead+len(b)))
	p.buf = append(p.buf, 0, 0, 0x40, 0, 64, protocolTCP, 0, 0)
	p.buf = append(p.buf, src.Addr().AsSlice()...)
	p.buf = append(p.buf, dst.Addr().AsSlice()...)
	be.PutUint16(p.buf[ip+10:], fold(0, p.buf[ip:]))

	tcp := len(p.buf)
	p.buf = be.AppendUint16(p.buf, src.Port())
	p.buf = be.AppendUint16(p.buf, dst.Port())
	p.buf = be.AppendUint32(p.buf, c.seq[from])
	ack := c.seq[1-from]
	if flags&flagACK == 0 {
		ack = 0
	}
	p.buf = be.AppendUint32(p.buf, ack)
	p.buf = append(p.buf, tcpHead/4<<4, flags, 0xff, 0xff, 0, 0, 0, 0)
	p.buf = append(p.buf, b...)
	pseudo := fold(protocolTCP+uint32(tcpHead+len(b)), p.buf[ip+12:ip+20])
	be.PutUint16(p.buf[tcp+16:], fold(uint32(^pseudo), p.buf[tcp:]))
}

// fold is the checksum of the internet protocols. (RFC 1071)
func fold(sum uint32, b []byte) uint16 {
	wide := uint64(sum)
	for ; len(b) >= 2; b = b[2:] {
		wide += uint64(b[0])<<8 | uint64(b[1])
	}
	if len(b) == 1 {
		wide += uint64(b[0]) << 8
	}
	for wide > 0xffff {
		wide = wide>>16 + wide&0xffff
	}
	return ^uint16(wide)
}

// transcoder is the sink of captures.
type transcoder struct {
	w     *PcapngWriter
	start time.Time
}

func (t *transcoder) write(records []byte) error {
	for len(records) > 0 {
		n := recordHead + int(binary.BigEndian.Uint32(records[4:]))
		r, err := parseBody(Kind(records[2]), records[recordHead:n], t.start)
		if err != nil {
			return err
		}
		if err := t.w.Write(r); err != nil {
			return err
		}
		records = records[n:]
	}
	return nil
}
