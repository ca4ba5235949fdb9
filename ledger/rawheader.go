package ledger

import (
	"fmt"
	"math"

	"github.com/ouronet/ouronet/internal/cbor"
)

// RawHeader is a header as chain-sync carries it.
type RawHeader struct {
	Era Era

	// EBB marks the header of a Byron epoch boundary block.
	EBB bool

	// SizeHint goes with Byron headers only: about the size in bytes of the block.
	// Peers compute it in two ways, so no rule may depend on it; send the length of the
	// [RawBlock]. (points-headers-blocks, 3)
	SizeHint uint32

	// Bytes is what is inside tag 24: the header itself, for Byron without the
	// envelope that goes into the hash.
	Bytes []byte
}

// AppendCBOR appends the header element of MsgRollForward.
func (h RawHeader) AppendCBOR(dst []byte) []byte {
	dst = h.AppendHead(dst)
	return append(dst, h.Bytes...)
}

// AppendHead appends the part of the encoding before h.Bytes, so that a sender need not
// copy the header.
func (h RawHeader) AppendHead(dst []byte) []byte {
	dst = cbor.AppendArray(dst, 2)
	dst = cbor.AppendUint(dst, uint64(h.Era))
	if h.Era == Byron {
		kind := uint64(1)
		if h.EBB {
			kind = 0
		}
		dst = cbor.AppendArray(dst, 2)
		dst = cbor.AppendArray(dst, 2)
		dst = cbor.AppendUint(dst, kind)
		dst = cbor.AppendUint(dst, uint64(h.SizeHint))
	}
	dst = cbor.AppendTag(dst, cbor.TagEncoded)
	return cbor.AppendBytesHead(dst, len(h.Bytes))
}

// DecodeRawHeader reads the header element of MsgRollForward and returns the bytes
// after it. h.Bytes is part of b. The header itself is not read: [Network.ParseHeader]
// does that.
func DecodeRawHeader(b []byte) (h RawHeader, rest []byte, err error) {
	r := cbor.NewReader(b)
	r.ArrayLen(2)
	h.Era = readEra(&r, "header")
	if h.Era == Byron {
		r.ArrayLen(2)
		r.ArrayLen(2)
		h.EBB = r.UintMax(1) == 0
		h.SizeHint = uint32(r.UintMax(math.MaxUint32))
	}
	h.Bytes = r.Encoded()
	if err := r.Err(); err != nil {
		return RawHeader{}, nil, err
	}
	return h, r.Rest(), nil
}

// BlockNo reads the block number and nothing after it. With it chain-sync finds out
// whether a header is the peer's tip, without parsing every header.
func (h RawHeader) BlockNo() (BlockNo, error) {
	r := cbor.NewReader(h.Bytes)
	checkEra(&r, h.Era, "header")
	if h.Era == Byron {
		r.ArrayLen(5)
		r.Int() // magic
		r.BytesLen(len(Hash{}))
		r.Raw() // body proof
		if h.EBB {
			r.ArrayLen(2)
			r.Uint() // epoch
		} else {
			r.ArrayLen(4)
			r.Raw() // slot
			r.Raw() // key
		}
		r.ArrayLen(1)
	} else {
		openRecord(&r, 2)
		openBody(&r, h.Era)
	}
	n := BlockNo(r.Uint())
	if err := r.Err(); err != nil {
		return 0, h.malformed(err)
	}
	return n, nil
}

func (h RawHeader) malformed(err error) error {
	if !h.Era.Known() {
		return err
	}
	if h.EBB {
		return fmt.Errorf("ledger: Byron boundary header: %w", err)
	}
	return fmt.Errorf("ledger: %v header: %w", h.Era, err)
}
