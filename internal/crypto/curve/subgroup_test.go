package curve

import (
	"testing"

	"filippo.io/edwards25519"
)

// Whether a point has a part of small order is seen by what the order times the
// point is.
func TestHasSmallPart(t *testing.T) {
	order8, err := new(edwards25519.Point).SetBytes(littleEndian([]byte{
		0x7a, 0x03, 0xac, 0x92, 0x77, 0xfd, 0xc7, 0x4e, 0xc6, 0xcc, 0x39, 0x2c, 0xfa, 0x53, 0x20, 0x2a,
		0x0f, 0x67, 0x10, 0x0d, 0x76, 0x0b, 0x3c, 0xba, 0x4f, 0xd8, 0x4d, 0x3d, 0x70, 0x6a, 0x17, 0xc7,
	}))
	if err != nil {
		t.Fatal(err)
	}
	for range 100 {
		p, _ := point(t)
		p.MultByCofactor(p)
		for part := range 8 {
			ours, ok := Decode(p.Bytes())
			if !ok {
				t.Fatalf("no point %x", p.Bytes())
			}
			scaled := ours // the same point with another Z
			scaled.Add(&scaled, &generator)
			scaled.Add(&scaled, new(Point).Negate(&generator))
			var excess Point
			if want := part != 0; ours.HasSmallPart() != want || scaled.HasSmallPart() != want || excess.MultByOrder(&ours).IsIdentity() == want {
				t.Fatalf("%x with the part %d of small order: %v, %v", p.Bytes(), part, ours.HasSmallPart(), scaled.HasSmallPart())
			}
			p.Add(p, order8)
		}
	}
}
