package trace

import (
	"bytes"
	"net/netip"
	"time"
)

// What bounds memory when segments come out of order or are missing.
const (
	maxFlows = 1 << 16
	maxAhead = 1 << 20 // bytes of one direction that wait for a gap to close

	// aheadCost is what a segment that waits counts for beside its bytes: they
	// are looked through one by one, so there must not be many.
	aheadCost = 200
)

// flowKey names a connection by who connected, as far as is known.
type flowKey struct{ local, remote netip.AddrPort }

// flows puts TCP streams together. The side that connected, or that was seen
// first, counts as ours.
type flows struct {
	byKey map[flowKey]*flow
	ids   uint32
	out   []Record
}

type flow struct {
	id   uint32
	half [2]half // 0 is ours
	over bool    // ended or given up
}

// half is one direction.
type half struct {
	known bool
	next  uint32 // sequence number
	bytes uint64
	ahead []ahead
	kept  int // cost of ahead
	fin   bool
}

type ahead struct {
	seq  uint32
	data []byte
}

func (f *flows) pop() (Record, bool) {
	if len(f.out) == 0 {
		return Record{}, false
	}
	r := f.out[0]
	if f.out = f.out[1:]; len(f.out) == 0 {
		f.out = nil
	}
	return r, true
}

func (f *flows) segment(at time.Time, s tcpSegment) {
	key, side := flowKey{s.src, s.dst}, 0
	c := f.byKey[key]
	if c == nil {
		if c = f.byKey[flowKey{s.dst, s.src}]; c != nil {
			key, side = flowKey{s.dst, s.src}, 1
		}
	}
	syn := s.flags&flagSYN != 0
	if c == nil || c.over && syn {
		if !syn && len(s.data) == 0 || len(f.byKey) >= maxFlows {
			return
		}
		if side = 0; syn && s.flags&flagACK != 0 {
			side = 1
		}
		delete(f.byKey, key)
		if key = (flowKey{s.src, s.dst}); side == 1 {
			key = flowKey{s.dst, s.src}
		}
		f.ids++
		c = &flow{id: f.ids}
		f.byKey[key] = c
		f.out = append(f.out, Record{Kind: Opened, Time: at, ID: c.id, Local: key.local.String(), Remote: key.remote.String()})
	}
	if c.over {
		return
	}
	h := &c.half[side]
	if syn {
		h.known, h.next = true, s.seq+1
		return
	}
	if !h.known {
		h.known, h.next = true, s.seq
	}
	f.data(at, c, side, s)
	switch {
	case s.flags&0x04 != 0: // RST
		f.end(at, c, "reset")
	case s.flags&flagFIN != 0:
		h.fin = true
		if c.half[0].fin && c.half[1].fin {
			f.end(at, c, "closed")
		}
	}
}

func (f *flows) end(at time.Time, c *flow, why string) {
	c.over = true
	c.half = [2]half{}
	f.out = append(f.out, Record{Kind: Ended, Time: at, ID: c.id, Text: why})
}

// data takes what is next in its direction, and keeps what comes too early.
func (f *flows) data(at time.Time, c *flow, side int, s tcpSegment) {
	h := &c.half[side]
	if len(s.data) == 0 {
		return
	}
	if int32(s.seq-h.next) > 0 {
		if h.kept += len(s.data) + aheadCost; h.kept > maxAhead {
			f.out = append(f.out, Record{Kind: Truncated, Time: at, ID: c.id, Number: h.bytes})
			c.over = true
			c.half = [2]half{}
			return
		}
		h.ahead = append(h.ahead, ahead{s.seq, bytes.Clone(s.data)})
		return
	}
	f.addNew(at, c, side, s.seq, s.data)
	for i := 0; i < len(h.ahead); i++ {
		if a := h.ahead[i]; int32(a.seq-h.next) <= 0 {
			h.ahead = append(h.ahead[:i], h.ahead[i+1:]...)
			h.kept -= len(a.data) + aheadCost
			f.addNew(at, c, side, a.seq, a.data)
			i = -1
		}
	}
}

// addNew records the part of data that is new.
func (f *flows) addNew(at time.Time, c *flow, side int, seq uint32, data []byte) {
	h := &c.half[side]
	old := h.next - seq
	if uint64(old) >= uint64(len(data)) {
		return // sent again
	}
	data = data[old:]
	f.out = append(f.out, Record{Kind: []Kind{Sent, Received}[side], Time: at, ID: c.id, Number: h.bytes, Data: bytes.Clone(data)})
	h.next += uint32(len(data))
	h.bytes += uint64(len(data))
}
