package main

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"runtime"

	"github.com/ouronet/ouronet/ledger"
)

// rawClient reads in the goroutine that asks.
type rawClient struct {
	*link
	chain   *chain
	options options
	left    int // unread payload of the current segment
	scratch []byte

	pong chan struct{} // pongs met while fetching
}

func (raw) dial(conn net.Conn, c *chain, o options) (initiator, error) {
	r := &rawClient{
		link: newLink(conn), chain: c, options: o,
		scratch: make([]byte, 1<<17),
		pong:    make(chan struct{}, 1),
	}
	return r, r.propose(true)
}

func (c *rawClient) close() { c.Close() }

// fill goes to the next segment of a protocol, noting pongs on its way.
func (c *rawClient) fill(proto uint16) error {
	for c.left == 0 {
		id, n, err := c.next()
		switch {
		case err != nil:
			return err
		case id == proto|fromResponder:
			c.left = n
		case id == protoKeepAlive|fromResponder:
			if _, err := c.r.Discard(n); err != nil {
				return err
			}
			c.pong <- struct{}{}
		default:
			return fmt.Errorf("segment of protocol %#x", id)
		}
	}
	return nil
}

// readFull reads payload of a protocol across segments.
func (c *rawClient) readFull(proto uint16, p []byte) error {
	for len(p) > 0 {
		if err := c.fill(proto); err != nil {
			return err
		}
		n, err := io.ReadFull(c.r, p[:min(c.left, len(p))])
		if err != nil {
			return err
		}
		c.left -= n
		p = p[n:]
	}
	return nil
}

// What is in flight at most, as cardano-node has it: requests, and half of
// its ingress limit in bytes. (miniprotocols, Block-fetch; mux, 4)
const (
	maxRanges = 100
	maxBytes  = 23068694 / 2
)

func (c *rawClient) fetch(spans []span) error {
	asked, ranges, size := 0, 0, 0
	var out []byte
	for i, s := range spans {
		out = out[:0]
		for asked < len(spans) && (ranges == 0 || ranges < maxRanges && size < maxBytes) {
			out = c.appendRequest(out, spans[asked])
			size += c.size(spans[asked])
			ranges++
			asked++
		}
		if len(out) > 0 {
			if err := c.send(out); err != nil {
				return err
			}
		}
		if err := c.batch(s); err != nil {
			return fmt.Errorf("range %d: %w", i, err)
		}
		ranges--
		size -= c.size(s)
	}
	return nil
}

func (c *rawClient) size(s span) int { return s.n * (c.chain.bytes / len(c.chain.blocks)) }

func (c *rawClient) appendRequest(out []byte, s span) []byte {
	start := len(out)
	out = append(out, 0, 0, 0, 0, 0, 0, 0, 0, 0x83, 0)
	out = c.chain.blocks[s.first].Header.Point().AppendCBOR(out)
	out = c.chain.blocks[s.first+s.n-1].Header.Point().AppendCBOR(out)
	putHeader(out[start:], now(), protoBlockFetch, len(out)-start-8)
	return out
}

var errWire = errors.New("not the expected message")

// batch takes the blocks of one range.
func (c *rawClient) batch(s span) error {
	b := c.scratch
	if err := c.readFull(protoBlockFetch, b[:2]); err != nil {
		return err
	}
	if b[0] != 0x81 || b[1] != 2 {
		return errWire
	}
	for i := range s.n {
		if err := c.readFull(protoBlockFetch, b[:5]); err != nil {
			return err
		}
		if !bytes.Equal(b[:4], []byte{0x82, 4, 0xd8, 24}) || b[4] < 0x58 || b[4] > 0x5a {
			return errWire
		}
		n := 1 << (b[4] - 0x58)
		if err := c.readFull(protoBlockFetch, b[:n]); err != nil {
			return err
		}
		length := 0
		for _, v := range b[:n] {
			length = length<<8 | int(v)
		}
		block := ledger.RawBlock(b)
		if c.options.discard && length <= len(b) {
			block = block[:length]
		} else {
			block = make(ledger.RawBlock, length)
		}
		if err := c.readFull(protoBlockFetch, block); err != nil {
			return err
		}
		if err := c.check(block, s.first+i); err != nil {
			return err
		}
	}
	if err := c.readFull(protoBlockFetch, b[:2]); err != nil {
		return err
	}
	if b[0] != 0x81 || b[1] != 5 {
		return errWire
	}
	return nil
}

// check is the same work for every stack that leaves it to the caller.
func (c *rawClient) check(raw ledger.RawBlock, i int) error {
	return checkBlock(raw, &c.chain.blocks[i].Header, c.options.bodyHash)
}

func checkBlock(raw ledger.RawBlock, want *ledger.Header, bodyHash bool) error {
	b, err := ledger.Preview.ParseBlock(raw)
	if err != nil {
		return err
	}
	if b.Header.Hash != want.Hash {
		return fmt.Errorf("block %v, want %v", b.Header.Hash, want.Hash)
	}
	if bodyHash {
		return b.CheckBody()
	}
	return nil
}

// The marks between which cardano-node keeps its outstanding requests.
// (miniprotocols, Chain-sync)
const lowMark, highMark = 200, 300

// headers keeps a copy of each header, as a program would, one at a time.
func (c *rawClient) headers(n int) error {
	b := []byte{0x82, 4, 0x9f, 0x80, 0xff}
	if err := c.send(frame(protoChainSync, b)); err != nil {
		return err
	}
	requests := make([]byte, 8+2*highMark)
	for i := range highMark {
		requests[8+2*i] = 0x81
	}
	asked, got, outstanding := 0, 0, 0 // replies, the first a rollback
	buf, unread := c.scratch, 0
	for intersected := false; got < n+1; {
		if intersected && outstanding <= lowMark && asked < n+1 {
			k := min(highMark-outstanding, n+1-asked)
			putHeader(requests, now(), protoChainSync, 2*k)
			if err := c.send(requests[:8+2*k]); err != nil {
				return err
			}
			asked += k
			outstanding += k
		}
		if err := c.fill(protoChainSync); err != nil {
			return err
		}
		m, err := io.ReadFull(c.r, buf[unread:unread+c.left])
		if err != nil {
			return err
		}
		c.left = 0
		p := buf[:unread+m]
		for len(p) > 0 {
			header, rest, err := takeReply(p)
			if err == errShort {
				break
			} else if err != nil {
				return err
			}
			if header == nil && !intersected {
				intersected = true
			} else {
				got++
				outstanding--
				if header != nil && !c.options.discard {
					runtime.KeepAlive(append(make([]byte, 0, len(header)), header...))
				}
			}
			p = rest
		}
		unread = copy(buf, p)
	}
	return nil
}

var errShort = errors.New("message goes on in the next segment")

// takeReply takes a RollForward, or a RollBackward or IntersectFound with the
// origin, off p. The header is nil for the last two.
func takeReply(p []byte) (header, rest []byte, err error) {
	if len(p) < 3 {
		return nil, p, errShort
	}
	if p[0] != 0x83 || p[1] != 2 {
		if p[0] != 0x83 || (p[1] != 3 && p[1] != 5) || p[2] != 0x80 {
			return nil, p, errWire
		}
		rest, err = skipTip(p[3:])
		return nil, rest, err
	}
	// 83 02 82 era d8 18 59 length
	if len(p) < 9 {
		return nil, p, errShort
	}
	if p[2] != 0x82 || p[4] != 0xd8 || p[5] != 24 || p[6] != 0x59 {
		return nil, p, errWire
	}
	n := int(binary.BigEndian.Uint16(p[7:]))
	if len(p) < 9+n {
		return nil, p, errShort
	}
	rest, err = skipTip(p[9+n:])
	return p[9 : 9+n], rest, err
}

func skipTip(p []byte) ([]byte, error) {
	_, rest, err := ledger.DecodeTip(p)
	if err != nil {
		return nil, errShort
	}
	return rest, nil
}

func (c *rawClient) ping() error {
	var b [8 + 3]byte
	putHeader(b[:], now(), protoKeepAlive, 3)
	copy(b[8:], []byte{0x82, 0, 7})
	if err := c.send(b[:]); err != nil {
		return err
	}
	if c.options.beside {
		<-c.pong
		return nil
	}
	_, n, err := c.next()
	if err == nil {
		_, err = c.r.Discard(n)
	}
	return err
}
