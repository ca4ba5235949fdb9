package chain

import (
	"errors"

	"github.com/ouronet/ouronet/internal/cbor"
	"github.com/ouronet/ouronet/ledger"
)

// The encoding of what comes out of a core. It is there to be compared, not to
// be read, so that a hash of it is enough to keep; its numbers are as lasting
// as those of inputs.
const (
	kindFindIntersect  = 1
	kindRequestHeaders = 2
	kindStopChainSync  = 3
	kindDisconnect     = 4
	kindFetch          = 5
	kindCancelFetch    = 6
	kindAdopt          = 7
	kindRollBack       = 8
	kindImmutable      = 9
	kindForget         = 10
	kindJudge          = 11
)

// Errors in effects.
const (
	kindOtherError       = 0
	kindNoIntersectError = 1
	kindTooFarError      = 2
	kindCrowdedOutError  = 3
	kindLinkError        = 4
	kindIntersectError   = 5
	kindHeaderError      = 6
	kindUnavailableError = 7
	kindRangeError       = 8
	kindInvalidBlock     = 9
	kindInvalidChain     = 10
)

// AppendEffects appends the encoding of the effects of one step, in order. Equal
// effects have equal encodings, whichever version of the package wrote them:
//
//   - a header is named by its point, as its bytes were in an input;
//   - an error is its kind and what it names. How it is worded does not count,
//     so that a better sentence does not break old recordings.
//
// It allocates nothing but room in dst.
func AppendEffects(dst []byte, effects []Effect) []byte {
	dst = cbor.AppendArray(dst, len(effects))
	for _, e := range effects {
		dst = appendEffect(dst, e)
	}
	return dst
}

func appendEffect(dst []byte, e Effect) []byte {
	peer := func(n int, kind uint64, id PeerID) []byte {
		return cbor.AppendUint(cbor.AppendMessage(dst, 2+n, kind), uint64(id))
	}
	switch e := e.(type) {
	case FindIntersect:
		return appendPoints(peer(1, kindFindIntersect, e.Peer), e.Points)
	case RequestHeaders:
		return appendInt(peer(1, kindRequestHeaders, e.Peer), e.N)
	case StopChainSync:
		return appendInt(appendError(peer(2, kindStopChainSync, e.Peer), e.Err), e.Retry)
	case Disconnect:
		return appendError(peer(1, kindDisconnect, e.Peer), e.Err)
	case Fetch:
		dst = cbor.AppendUint(peer(3, kindFetch, e.Peer), uint64(e.Range))
		dst = cbor.AppendArray(dst, len(e.Headers))
		for _, h := range e.Headers {
			dst = h.Point().AppendCBOR(dst)
		}
		return appendInt(dst, e.Bytes)
	case CancelFetch:
		return cbor.AppendUint(peer(1, kindCancelFetch, e.Peer), uint64(e.Range))
	case Judge:
		dst = e.Header.Point().AppendCBOR(cbor.AppendMessage(dst, 4, kindJudge))
		return cbor.AppendBool(e.After.AppendCBOR(dst), e.Again)
	case Adopt:
		return appendInt(e.Header.Point().AppendCBOR(cbor.AppendMessage(dst, 3, kindAdopt)), e.Bytes)
	case RollBack:
		return e.Tip.AppendCBOR(cbor.AppendMessage(dst, 2, kindRollBack))
	case Immutable:
		return e.Tip.AppendCBOR(cbor.AppendMessage(dst, 2, kindImmutable))
	case Forget:
		return e.Point.AppendCBOR(cbor.AppendMessage(dst, 2, kindForget))
	}
	return cbor.AppendNull(dst)
}

func appendError(dst []byte, err error) []byte {
	points := func(kind uint64, ps ...ledger.Point) []byte {
		dst = cbor.AppendMessage(dst, 1+len(ps), kind)
		for _, p := range ps {
			dst = p.AppendCBOR(dst)
		}
		return dst
	}
	switch e := err.(type) {
	case *LinkError:
		dst = cbor.AppendMessage(dst, 4, kindLinkError)
		dst = e.Parent.AppendCBOR(e.Header.AppendCBOR(dst))
		return cbor.AppendBytes(dst, e.Prev[:])
	case *IntersectionError:
		return points(kindIntersectError, e.Point)
	case *HeaderError:
		return points(kindHeaderError, e.Point)
	case *InvalidBlockError:
		return points(kindInvalidBlock, e.Point)
	case *UnavailableError:
		dst = e.Start.AppendCBOR(cbor.AppendMessage(dst, 3, kindUnavailableError))
		return appendInt(dst, e.Times)
	case *RangeError:
		return points(kindRangeError, e.Want, e.Got)
	}
	switch {
	case errors.Is(err, ErrNoIntersect):
		return points(kindNoIntersectError)
	case errors.Is(err, ErrRolledBackTooFar):
		return points(kindTooFarError)
	case errors.Is(err, ErrCrowdedOut):
		return points(kindCrowdedOutError)
	case errors.Is(err, ErrInvalidChain):
		return points(kindInvalidChain)
	}
	return appendReason(cbor.AppendMessage(dst, 2, kindOtherError), err)
}
