package trace

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"time"
)

// maxPacket is the largest block of a capture that is read, in bytes; packets
// of loopback interfaces have up to 64 KiB.
const maxPacket = 1 << 20

const (
	pcapMicro = 0xa1b2c3d4
	pcapNano  = 0xa1b23c4d
)

// isCapture reports whether a file that begins with head is pcap or pcapng.
func isCapture(head []byte) bool {
	if len(head) < 4 {
		return false
	}
	if binary.LittleEndian.Uint32(head) == blockSection {
		return true
	}
	_, _, ok := pcapMagic(head)
	return ok
}

func pcapMagic(head []byte) (order binary.ByteOrder, tick time.Duration, ok bool) {
	for _, order := range []binary.ByteOrder{binary.LittleEndian, binary.BigEndian} {
		switch order.Uint32(head) {
		case pcapMicro:
			return order, time.Microsecond, true
		case pcapNano:
			return order, time.Nanosecond, true
		}
	}
	return nil, 0, false
}

// packet is one packet of a capture.
type packet struct {
	at   time.Time
	link uint32
	data []byte // valid until the next one
}

// capture is a Source of the TCP connections in a capture.
type capture struct {
	next  func() (packet, error)
	flows flows
}

func newCapture(b *bufio.Reader) (*capture, error) {
	head, err := b.Peek(4)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrFormat, err)
	}
	c := &capture{flows: flows{byKey: make(map[flowKey]*flow)}}
	if order, tick, ok := pcapMagic(head); ok {
		p := &pcapReader{b: b, order: order, tick: tick}
		if err := p.begin(); err != nil {
			return nil, err
		}
		c.next = p.packet
	} else {
		c.next = (&pcapngReader{b: b}).packet
	}
	return c, nil
}

// Next implements Source.
func (c *capture) Next() (Record, error) {
	for {
		if r, ok := c.flows.pop(); ok {
			return r, nil
		}
		p, err := c.next()
		if err != nil {
			return Record{}, err
		}
		if s, ok := parsePacket(p.link, p.data); ok {
			c.flows.segment(p.at, s)
		}
	}
}

// pcapReader reads the older format.
type pcapReader struct {
	b     *bufio.Reader
	order binary.ByteOrder
	tick  time.Duration
	link  uint32
	buf   []byte
}

func (p *pcapReader) begin() error {
	var head [24]byte
	if _, err := io.ReadFull(p.b, head[:]); err != nil {
		return fmt.Errorf("%w: %w", ErrFormat, err)
	}
	p.link = p.order.Uint32(head[20:]) & 0xffff
	return nil
}

func (p *pcapReader) packet() (packet, error) {
	var head [16]byte
	if _, err := io.ReadFull(p.b, head[:]); err != nil {
		return packet{}, end(err)
	}
	n := p.order.Uint32(head[8:])
	if n > maxPacket {
		return packet{}, fmt.Errorf("%w: a packet of %d bytes", ErrFormat, n)
	}
	var err error
	if p.buf, err = read(p.b, p.buf, int(n)); err != nil {
		return packet{}, end(err)
	}
	at := time.Unix(int64(p.order.Uint32(head[:])), int64(p.order.Uint32(head[4:]))*int64(p.tick)).UTC()
	return packet{at, p.link, p.buf}, nil
}

// end makes an ordinary end of a capture that was cut off in the middle of a
// packet, as happens when the capturing program was stopped.
func end(err error) error {
	if err == io.ErrUnexpectedEOF {
		return io.EOF
	}
	return err
}

// read returns the next n bytes, in buf if it is large enough.
func read(b *bufio.Reader, buf []byte, n int) ([]byte, error) {
	if cap(buf) < n {
		buf = make([]byte, n)
	}
	_, err := io.ReadFull(b, buf[:n])
	return buf[:n], err
}

// pcapngReader reads the newer format.
type pcapngReader struct {
	b     *bufio.Reader
	order binary.ByteOrder
	links []link
	buf   []byte
}

// link is an interface of a section.
type link struct {
	kind  uint32
	ticks float64 // per second
}

func (p *pcapngReader) packet() (packet, error) {
	for {
		head, err := p.b.Peek(12)
		if len(head) < 12 {
			return packet{}, end(err)
		}
		kind := binary.LittleEndian.Uint32(head)
		if kind == blockSection { // the same in both orders
			p.links = nil
			p.order = binary.LittleEndian
			if binary.BigEndian.Uint32(head[8:]) == byteOrder {
				p.order = binary.BigEndian
			}
		} else if p.order == nil {
			return packet{}, fmt.Errorf("%w: pcapng without a section", ErrFormat)
		} else {
			kind = p.order.Uint32(head)
		}
		n := p.order.Uint32(head[4:])
		if n < 12 || n > maxPacket {
			return packet{}, fmt.Errorf("%w: a block of %d bytes", ErrFormat, n)
		}
		if p.buf, err = read(p.b, p.buf, int(n)); err != nil {
			return packet{}, end(err)
		}
		body := p.buf[8 : n-4]
		switch kind {
		case blockInterface:
			if len(body) >= 8 && len(p.links) < 1000 {
				p.links = append(p.links, link{uint32(p.order.Uint16(body)), p.resolution(body[8:])})
			}
		case blockPacket:
			if found, ok := p.enhanced(body); ok {
				return found, nil
			}
		}
	}
}

// resolution reads how many ticks a second has from an interface's options.
func (p *pcapngReader) resolution(options []byte) float64 {
	for len(options) >= 4 {
		code, n := p.order.Uint16(options), int(p.order.Uint16(options[2:]))
		options = options[4:]
		if n > len(options) {
			break
		}
		if code == 9 && n == 1 {
			base, exponent := 10.0, int(options[0]&0x7f)
			if options[0]&0x80 != 0 {
				base = 2
			}
			ticks := 1.0
			for range min(exponent, 60) {
				ticks *= base
			}
			return min(ticks, 1e18)
		}
		options = options[min(len(options), (n+3)&^3):]
	}
	return 1e6
}

func (p *pcapngReader) enhanced(body []byte) (packet, bool) {
	if len(body) < 20 {
		return packet{}, false
	}
	id, n := p.order.Uint32(body), p.order.Uint32(body[12:])
	if int64(id) >= int64(len(p.links)) || int64(n) > int64(len(body)-20) {
		return packet{}, false
	}
	l := p.links[id]
	ticks := uint64(p.order.Uint32(body[4:]))<<32 | uint64(p.order.Uint32(body[8:]))
	at := time.Unix(0, int64(ticks)).UTC()
	if l.ticks != 1e9 {
		whole := ticks / uint64(l.ticks)
		at = time.Unix(int64(whole), int64(float64(ticks-whole*uint64(l.ticks))/l.ticks*1e9)).UTC()
	}
	return packet{at, l.kind, body[20 : 20+n]}, true
}
