package ledger

// maxBlockSize is above what block-fetch lets through (2,500,000), so that sums of
// what headers say cannot overflow.
const maxBlockSize = 4 << 20

// BlockSize estimates how many bytes the block of the header takes, at least as many as
// it does from Shelley on: header, body, and the few bytes that hold them together. A
// regular Byron header has no size, so the estimate is the hint beside it, which no
// hash covers; a boundary block counts as large as one of mainnet. A body counts for 4
// MiB at most. (relay-behaviour, 6.1)
func (h *Header) BlockSize() int {
	const (
		envelope = 8 + 8 // 8 as in the Haskell node; the rest for tag, era and length
		byron    = 2048
		boundary = 700_000 // the list of leaders of 21,600 slots
	)
	n := len(h.Raw.Bytes) + envelope
	switch {
	case h.Raw.EBB:
		return n + boundary
	case h.Raw.Era == Byron:
		return n + max(byron, int(min(h.Raw.SizeHint, maxBlockSize)))
	}
	return n + int(min(h.BodySize, maxBlockSize))
}
