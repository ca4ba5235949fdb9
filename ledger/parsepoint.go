package ledger

import (
	"fmt"
	"strconv"
	"strings"
)

// ParsePoint reads what [Point.String] writes: "origin" or "slot.hash".
func ParsePoint(s string) (Point, error) {
	if s == "origin" {
		return Origin, nil
	}
	slot, hash, _ := strings.Cut(s, ".")
	n, err := strconv.ParseUint(slot, 10, 64)
	if err != nil {
		return Point{}, fmt.Errorf("ledger: point %.100q is not slot.hash or origin", s)
	}
	h, err := ParseHash(hash)
	if err != nil {
		return Point{}, fmt.Errorf("ledger: point %.100q: %w", s, err)
	}
	return Point{Slot(n), h}, nil
}
