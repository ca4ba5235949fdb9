package ledger

import "github.com/ouronet/ouronet/internal/cbor"

// known is what a [BodyHasher] has found out of a body; the zero value is nothing.
type known struct {
	hasher *BodyHasher
	body   int    // where in the block the body begins
	maps   []span // those not yet passed
}

// known returns what h, which may be nil, has found out of the body of b.
func (h *BodyHasher) known(b Block) known {
	if h == nil {
		return known{}
	}
	return known{hasher: h, body: len(b.Raw) - len(b.body), maps: h.maps}
}

// readMap is the function of that name, which steps over a map that is known.
func (k *known) readMap(r *cbor.Reader) []byte {
	if k != nil && len(k.maps) > 0 && r.Err() == nil {
		at := k.body + r.Pos()
		for len(k.maps) > 0 && int(k.maps[0].start) < at {
			k.maps = k.maps[1:]
		}
		if len(k.maps) > 0 && int(k.maps[0].start) == at {
			return r.RawLen(int(k.maps[0].end) - at)
		}
	}
	return readMap(r)
}

// sum returns the hash of the part that begins at start of the body. What is known
// counts if it is of these very bytes, or of a beginning of them.
func (k *known) sum(start int, part []byte) Hash {
	if k.hasher == nil {
		return sum256(part)
	}
	start += k.body
	return k.hasher.sum(start, start+len(part), part)
}

// sum returns the hash of part, the bytes of the block from start to end.
func (h *BodyHasher) sum(start, end int, part []byte) Hash {
	for _, p := range h.parts[:h.part] {
		if p.start == start && p.end == end {
			return p.hash
		}
	}
	if h.part == len(h.parts) || h.parts[h.part].start != start || h.parts[h.part].end > end {
		return sum256(part)
	}
	p := &h.parts[h.part]
	h.state.Write(part[p.end-start:])
	h.state.Sum(p.hash[:0])
	p.end = end
	h.part++
	return p.hash
}
