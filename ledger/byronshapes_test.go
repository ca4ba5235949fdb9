package ledger

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"testing"
)

// String writes a shape as one line: u8 to u64 for unsigned integers of that many
// bits, a number for a byte string of that length, "!" after what must have the
// shortest form, [] around records, [_ ] indefinite and [* ] definite lists, <>
// around the kinds of a variant, {} around maps, sorted ones with "<".
func (s shape) String() string {
	limit := func() string {
		for _, bits := range []int{8, 16, 32, 64} {
			if s.n == math.MaxUint64>>(64-bits) {
				return "u" + strconv.Itoa(bits)
			}
		}
		return fmt.Sprint("0-", s.n)
	}
	all := func(of []shape) string {
		var parts []string
		for _, s := range of {
			parts = append(parts, s.String())
		}
		return strings.Join(parts, ", ")
	}
	switch s.form {
	case formUint:
		return limit()
	case formShortUint:
		return limit() + "!"
	case formBytesLen:
		return fmt.Sprint(s.n)
	case formShortBytesOf:
		return fmt.Sprint(s.n, "!")
	case formRecord:
		return "[" + all(s.of) + "]"
	case formVariant:
		return "<" + all(s.of) + ">"
	case formAlternative, formValue:
		return fmt.Sprint(s.n, ": ", all(s.of))
	case formList:
		return "[_ " + all(s.of) + "]"
	case formNonEmpty:
		return "[_ 1 or more " + all(s.of) + "]"
	case formArray:
		return "[* " + all(s.of) + "]"
	case formOption:
		return "[? " + all(s.of) + "]"
	case formSet:
		return "tag [* " + all(s.of) + "]"
	case formMap:
		return "{" + all(s.of) + "}"
	case formSortedMap:
		return "{< " + all(s.of) + "}"
	case formEncoded:
		return "24(" + all(s.of) + ")"
	case formContent:
		return "(" + all(s.of) + ")"
	case formChecksummed:
		return "crc(" + all(s.of) + ")"
	}
	return map[form]string{
		formAddressKind: "0 or 2!", formInt32: "int32", formInteger: "integer", formNatural: "natural",
		formAmount: "amount", formBool: "bool", formBytes: "bytes", formShortBytes: "bytes!", formText: "text",
		formEmptyMap: "{}",
	}[s.form]
}

// The shapes of headers, which [Network.ParseHeader] reads field by field.
// (cardano-ledger, eras/byron, Block/Header.hs)
var (
	byronHeaderShape = record(
		uint32Shape, hashShape, byronProofShape,
		record(
			record(uint64Shape, uint64Shape), keyShape, record(uint64Shape),
			variant(kind(delegatedSignature, record(certificateShape, signatureShape))),
		),
		byronVersionsShape,
	)
	boundaryHeaderShape = record(
		int32Shape, hashShape, hashShape,
		record(uint64Shape, record(uint64Shape)),
		record(attributesShape),
	)
)

// byronBodyShape is how [Block.CheckBody] puts the shapes of a body's parts
// together. (cardano-ledger, eras/byron, Block/Body.hs, UTxO/TxAux.hs)
var byronBodyShape = record(list(record(byronTxShape, byronWitnessesShape)), sscShape, delegationShape, updateShape)

// The table of shapes says the same as this one, which was read off the decoders
// of cardano-ledger a second time, type by type.
func TestByronShapes(t *testing.T) {
	const (
		certificate = "[u64, 64!, 64!, 64]"
		attributes  = "{< u8, bytes}"
		version     = "[u16, u16, u8]"
		software    = "[text, u32]"
		address     = "crc([28, {< u8, bytes, 1: (bytes!), 2: (u32!)}, 0 or 2!])"
		tx          = "[[_ 1 or more <0: 24([32, u16])>], [_ 1 or more [" + address + ", 0-45000000000000000]], " + attributes + "]"
		witnesses   = "[* <0: 24([64!, 64]), 2: 24([32, 64])>]"
		shares      = "{bytes, [_ bytes]}"
		commitments = "tag [* [bytes, [" + shares + ", [bytes, bytes, bytes, [_ bytes]]], bytes]]"
		vss         = "tag [* [bytes, u64, bytes, bytes]]"
		ssc         = "<0: " + commitments + ", " + vss + ", 1: {bytes, bytes}, " + vss + ", 2: {bytes, " + shares + "}, " + vss + ", 3: " + vss + ">"
		size        = "[? natural], "
		portion     = "[? 0-1000000000000000], "
		parameters  = "[[? u16], " + size + size + size + size + size + portion + portion + portion + portion +
			"[? u64], [? [0-1000000000000000, 0-1000000000000000, 0-1000000000000000]], [? <0: 24([amount, integer])>], [? u64]]"
		proposal = "[" + version + ", " + parameters + ", " + software + ", {< text, [bytes, 32, bytes, bytes]}, {}, 64!, 64]"
		vote     = "[64!, 32, bool, 64]"
		proof    = "[[u32, 32, 32], <0: bytes, bytes, 1: bytes, bytes, 2: bytes, bytes, 3: bytes>, 32, 32]"
	)
	for _, tt := range []struct {
		what  string
		shape shape
		want  string
	}{
		{"header", byronHeaderShape, "[u32, 32, " + proof + ", [[u64, u64], 64!, [u64], <2: [" + certificate + ", 64]>], [" +
			version + ", " + software + ", {}, bytes]]"},
		{"boundary header", boundaryHeaderShape, "[int32, 32, 32, [u64, [u64]], [" + attributes + "]]"},
		{"boundary body", boundaryBodyShape, "[_ bytes]"},
		{"boundary extra data", boundaryExtraShape, "[{u8, bytes}]"},
		{"body", byronBodyShape, "[[_ [" + tx + ", " + witnesses + "]], " + ssc + ", [_ " + certificate + "], [[? " + proposal + "], [_ " + vote + "]]]"},
		{"extra data", byronExtraShape, "[{}]"},
		{"transaction", byronTxShape, tx},
		{"witnesses", byronWitnessesShape, witnesses},
		{"shared seed computation", sscShape, ssc},
		{"delegation", delegationShape, "[_ " + certificate + "]"},
		{"update", updateShape, "[[? " + proposal + "], [_ " + vote + "]]"},
		{"certificate", certificateShape, certificate},
		{"proposal", proposalShape, proposal},
		{"vote", voteShape, vote},
	} {
		if got := tt.shape.String(); got != tt.want {
			t.Errorf("%s:\n%s, want\n%s", tt.what, got, tt.want)
		}
	}
}
