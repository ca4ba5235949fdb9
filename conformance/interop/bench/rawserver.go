package main

import (
	"errors"
	"fmt"
	"io"
	"net"

	"github.com/ouronet/ouronet/internal/cbor"
	"github.com/ouronet/ouronet/ledger"
)

// rawServer answers with one goroutine that reads and one that streams blocks.
type rawServer struct {
	*link
	chain  *chain
	index  map[ledger.Point]int
	ranges chan span

	fetch []byte // unread bytes of block-fetch requests
	out   []byte // chain-sync replies, with segment headers
	tip   []byte
	next  int
	began bool // the first reply of chain-sync was sent
}

func (raw) serve(conn net.Conn, c *chain) error {
	s := &rawServer{
		link:   newLink(conn),
		chain:  c,
		index:  make(map[ledger.Point]int, len(c.blocks)),
		ranges: make(chan span, 1024),
		out:    make([]byte, 0, 2*writeBatch),
		tip:    c.tip().AppendCBOR(nil),
	}
	for i, b := range c.blocks {
		s.index[b.Header.Point()] = i
	}
	if err := s.accept(); err != nil {
		return err
	}
	streamed := make(chan struct{})
	go func() {
		defer close(streamed)
		s.stream()
	}()
	err := s.read()
	close(s.ranges)
	conn.Close()
	<-streamed
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

func (s *rawServer) read() error {
	payload := make([]byte, 1<<16)
	for {
		id, n, err := s.link.next()
		if err != nil {
			return err
		}
		p := payload[:n]
		if _, err := io.ReadFull(s.r, p); err != nil {
			return err
		}
		switch id {
		case protoKeepAlive:
			err = s.keepAlive(p)
		case protoBlockFetch:
			err = s.requestRanges(p)
		case protoChainSync:
			err = s.chainSync(p)
		case protoKeepAlive | fromResponder, 4, 10:
			// not our business
		default:
			err = fmt.Errorf("segment of protocol %#x", id)
		}
		if err != nil {
			return err
		}
	}
}

// keepAlive answers [0, cookie] by [1, cookie].
func (s *rawServer) keepAlive(p []byte) error {
	var b [8 + 8]byte
	if len(p) < 3 || len(p) > 8 {
		return fmt.Errorf("keep-alive of %d bytes", len(p))
	}
	putHeader(b[:], now(), protoKeepAlive|fromResponder, len(p))
	copy(b[8:], p)
	b[9] = 1
	return s.send(b[:8+len(p)])
}

func (s *rawServer) requestRanges(p []byte) error {
	s.fetch = append(s.fetch, p...)
	for len(s.fetch) > 0 {
		if s.fetch[0] == 0x81 { // MsgClientDone
			s.fetch = s.fetch[:0]
			return nil
		}
		r := cbor.NewReader(s.fetch)
		r.Message(3, 0)
		from, to := decodePoint(&r), decodePoint(&r)
		if r.Err() != nil {
			return nil // the rest comes with the next segment
		}
		s.fetch = append(s.fetch[:0], r.Rest()...)
		i, ok := s.index[from]
		j, ok2 := s.index[to]
		if !ok || !ok2 || i > j {
			return fmt.Errorf("range %v to %v is not served", from, to)
		}
		s.ranges <- span{i, j - i + 1}
	}
	return nil
}

// stream sends the ranges with vectored writes that do not copy the blocks.
func (s *rawServer) stream() {
	v := vector{link: s.link}
	for r := range s.ranges {
		v.message([]byte{0x81, 2}, nil)
		for _, b := range s.chain.blocks[r.first : r.first+r.n] {
			var head [10]byte
			h := append(head[:0], 0x82, 4, 0xd8, 24)
			v.message(cbor.AppendBytesHead(h, len(b.Raw)), b.Raw)
		}
		v.message([]byte{0x81, 5}, nil)
		if len(s.ranges) == 0 {
			v.flush()
		}
		if v.err != nil {
			for range s.ranges {
			}
			return
		}
	}
}

// vector collects messages, cut into segments, for one vectored write.
type vector struct {
	link    *link
	arena   [4096]byte // segment and message heads
	used    int
	pieces  [512][]byte
	buffers net.Buffers // what is left of pieces while writing
	n, size int
	err     error
}

func (v *vector) message(head, body []byte) {
	for first := true; first || len(body) > 0; first = false {
		if v.used+8+len(head) > len(v.arena) || v.n+2 > len(v.pieces) || v.size >= writeBatch {
			v.flush()
		}
		n := min(len(body), segment-len(head))
		h := v.arena[v.used : v.used+8+len(head)]
		putHeader(h, now(), protoBlockFetch|fromResponder, len(head)+n)
		copy(h[8:], head)
		v.used += len(h)
		v.add(h)
		if n > 0 {
			v.add(body[:n])
		}
		head, body = nil, body[n:]
	}
}

func (v *vector) add(p []byte) {
	v.pieces[v.n] = p
	v.n++
	v.size += len(p)
}

func (v *vector) flush() {
	if v.err == nil && v.n > 0 {
		v.link.wmu.Lock()
		v.buffers = v.pieces[:v.n]
		_, v.err = v.buffers.WriteTo(v.link.Conn)
		v.link.wmu.Unlock()
	}
	v.n, v.used, v.size = 0, 0, 0
}

// chainSync answers RequestNext messages, which take two bytes each, with one
// write.
func (s *rawServer) chainSync(p []byte) error {
	if p[0] == 0x82 { // FindIntersect; the baseline's clients start at the origin
		m := append([]byte{0x83, 5, 0x80}, s.tip...)
		s.next = 0
		return s.send(frame(protoChainSync|fromResponder, m))
	}
	if len(p)%2 != 0 {
		return fmt.Errorf("chain-sync requests of %d bytes", len(p))
	}
	s.out = s.out[:0]
	start := s.open()
	for range len(p) / 2 {
		if len(s.out)-start-8 > segment-1200 {
			s.shut(start)
			if len(s.out) >= writeBatch {
				if err := s.send(s.out); err != nil {
					return err
				}
				s.out = s.out[:0]
			}
			start = s.open()
		}
		if !s.began {
			s.began = true
			s.out = append(s.out, 0x83, 3, 0x80)
		} else if s.next < len(s.chain.blocks) {
			s.out = append(s.out, 0x83, 2)
			s.out = s.chain.blocks[s.next].Header.Raw.AppendCBOR(s.out)
			s.next++
		} else {
			break // the tip: never again
		}
		s.out = append(s.out, s.tip...)
	}
	s.shut(start)
	return s.send(s.out)
}

func (s *rawServer) open() (start int) {
	start = len(s.out)
	s.out = append(s.out, 0, 0, 0, 0, 0, 0, 0, 0)
	return start
}

func (s *rawServer) shut(start int) {
	n := len(s.out) - start - 8
	if n == 0 {
		s.out = s.out[:start]
		return
	}
	putHeader(s.out[start:], now(), protoChainSync|fromResponder, n)
}
