package forge

import (
	"math/rand/v2"

	"github.com/ouronet/ouronet/internal/cbor"
)

// Reencode returns a header from Shelley on, which must be well-formed, in
// another encoding that nodes read: with the same values, and the signature as it
// was, so that it is as good as before under another hash. About one of odds
// heads is not as a node makes it.
func Reencode(r *rand.Rand, odds int, header []byte) []byte {
	e := reencoder{Rand: r, odds: odds, in: cbor.NewReader(header)}
	e.record(2, func() {
		e.body()
		e.string() // signature
	})
	if err := e.in.Close(); err != nil {
		panic("forge: not a header: " + err.Error())
	}
	return e.out
}

// reencoder copies items from in to out.
type reencoder struct {
	*rand.Rand
	odds int
	in   cbor.Reader
	out  []byte

	leios bool // the header has the fields of Leios, so it is of version 12
}

func (e *reencoder) body() {
	fields := e.in.Array()
	e.leios = fields == 12
	e.array(fields, true, func() {
		e.uint() // block number
		e.uint() // slot
		if e.in.Null() {
			e.out = cbor.AppendNull(e.out)
		} else {
			e.string()
		}
		e.string() // issuer
		e.string() // VRF key
		e.vrf()
		tpraos := fields == 15
		if tpraos {
			e.vrf()
		}
		e.uint()   // body size
		e.string() // body hash
		if tpraos {
			e.certificate()
			e.version()
			return
		}
		e.record(4, e.certificate)
		e.record(2, e.version)
		if !e.leios {
			return
		}
		e.out = cbor.AppendBool(e.out, e.in.Bool())
		if e.in.Null() {
			e.out = cbor.AppendNull(e.out)
			return
		}
		e.record(2, func() { // announcement
			e.string()
			e.uint()
		})
	})
}

// vrf copies a VRF certificate, the one array that must be definite before
// version 12.
func (e *reencoder) vrf() {
	e.in.ArrayLen(2)
	e.array(2, e.leios, func() {
		e.string()
		e.string()
	})
}

func (e *reencoder) certificate() {
	e.string() // hot key
	e.uint()   // issue number
	e.uint()   // period
	e.string() // signature
}

func (e *reencoder) version() {
	e.uint()
	minor := e.in.Uint()
	if e.leios {
		e.head(0, minor)
		return
	}
	if !e.odd() {
		e.out = cbor.AppendUint(e.out, minor)
		return
	}
	// A big number may be small and begin with zeros.
	digits := make([]byte, e.IntN(4), 12)
	for shift := 56; shift >= 0; shift -= 8 {
		if b := byte(minor >> shift); b != 0 || len(digits) > 0 {
			digits = append(digits, b)
		}
	}
	e.out = append(e.out, 0xc2)
	e.head(2, uint64(len(digits)))
	e.out = append(e.out, digits...)
}

// record copies an array of n items, which may become an indefinite one.
func (e *reencoder) record(n int, items func()) {
	e.in.ArrayLen(n)
	e.array(n, true, items)
}

func (e *reencoder) array(n int, mayBeIndefinite bool, items func()) {
	if mayBeIndefinite && e.odd() {
		e.out = cbor.AppendArrayIndefinite(e.out)
		items()
		e.out = cbor.AppendBreak(e.out)
		return
	}
	e.head(4, uint64(n))
	items()
}

func (e *reencoder) uint() { e.head(0, e.in.Uint()) }

func (e *reencoder) string() {
	b := e.in.Bytes()
	if !e.leios || !e.odd() {
		e.head(2, uint64(len(b)))
		e.out = append(e.out, b...)
		return
	}
	e.out = append(e.out, 0x5f)
	for len(b) > 0 {
		n := e.IntN(len(b) + 1)
		e.head(2, uint64(n))
		e.out = append(e.out, b[:n]...)
		b = b[n:]
	}
	e.out = cbor.AppendBreak(e.out)
}

// head appends a head that may be wider than it need be.
func (e *reencoder) head(major byte, n uint64) {
	least := 0 // bytes of the argument, as a power of two and 1
	for least < 4 && n >= [...]uint64{24, 1 << 8, 1 << 16, 1 << 32}[least] {
		least++
	}
	width := least
	if e.odd() {
		width += e.IntN(5 - least)
	}
	if width == 0 {
		e.out = append(e.out, major<<5|byte(n))
		return
	}
	e.out = append(e.out, major<<5|23+byte(width))
	for shift := 8 << (width - 1); shift > 0; {
		shift -= 8
		e.out = append(e.out, byte(n>>shift))
	}
}

func (e *reencoder) odd() bool { return e.IntN(e.odds) == 0 }
