package blockfetch

import "github.com/ouronet/ouronet/internal/cbor"

// early is the size in bytes of a message from which a block is looked at while it
// comes. A smaller one is in two segments at most, and hashed in 20 microseconds.
const early = 16 << 10

// arriving hashes what has come of a block, if its header is known: what else may come
// is not worth it.
func (i *Initiator) arriving(begun []byte, size int) {
	if i.SkipBodies || size < early || len(i.asked) == 0 {
		return
	}
	header := i.asked[0].header(i.taken)
	if header == nil {
		return
	}
	r := cbor.NewReader(begun)
	r.Message(2, tagBlock)
	r.Tag(cbor.TagEncoded)
	if r.Err() != nil {
		return // the beginning of another message, or not enough
	}
	if _, _, n := cbor.Head(r.Rest()); n > 0 {
		i.hasher.Arrived(r.Rest()[n:], header)
	}
}
