package main

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/node/relay"
)

var units = []struct {
	suffix string
	bytes  int64
}{
	{"TiB", 1 << 40}, {"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10},
	{"TB", 1e12}, {"GB", 1e9}, {"MB", 1e6}, {"kB", 1e3}, {"B", 1}, {"", 1},
}

// parseBytes reads a number of bytes above 0, such as 1GiB or 1048576.
func parseBytes(s string) (int64, error) {
	for _, u := range units {
		number, ok := strings.CutSuffix(strings.TrimSpace(s), u.suffix)
		if !ok {
			continue
		}
		n, err := strconv.ParseInt(strings.TrimSpace(number), 10, 64)
		if err != nil || n <= 0 || n > math.MaxInt64/u.bytes {
			break
		}
		return n * u.bytes, nil
	}
	return 0, errors.New("give a number of bytes above 0, such as 1GiB, 512MiB or 1000000")
}

// size writes bytes for people: 12.3 MB.
func size(n float64) string {
	switch {
	case n >= 1e9:
		return fmt.Sprintf("%.1f GB", n/1e9)
	case n >= 1e6:
		return fmt.Sprintf("%.1f MB", n/1e6)
	case n >= 1e4:
		return fmt.Sprintf("%.0f kB", n/1e3)
	}
	return count(int64(n)) + " B"
}

// count writes 12345 as 12,345.
func count[T ~int | ~int64 | ~uint64](n T) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// plural writes 1 block, 2 blocks.
func plural[T ~int | ~int64 | ~uint64](n T, thing string) string {
	if n != 1 {
		thing += "s"
	}
	return count(n) + " " + thing
}

// span writes a duration with the two units that matter.
func span(d time.Duration) string {
	s := int64(d.Round(time.Second) / time.Second)
	const day, year = 86400, 365 * 86400
	switch {
	case s >= year:
		return fmt.Sprintf("%dy %dd", s/year, s%year/day)
	case s >= day:
		return fmt.Sprintf("%dd %dh", s/day, s%day/3600)
	case s >= 3600:
		return fmt.Sprintf("%dh %dm", s/3600, s%3600/60)
	case s >= 60:
		return fmt.Sprintf("%dm %ds", s/60, s%60)
	}
	return fmt.Sprintf("%ds", s)
}

// block names the last block of a chain.
func block(t ledger.Tip) string {
	if t.Point.IsOrigin() {
		return "the origin"
	}
	return fmt.Sprintf("block %s, slot %s, %.8s", count(uint64(t.BlockNo)), count(uint64(t.Point.Slot)), t.Point.Hash)
}

// transactions says how many went through the relay.
func transactions(t relay.TxStatus) string {
	text := plural(t.Passed, "transaction") + " passed on"
	if t.Waiting > 0 {
		text += ", " + count(t.Waiting) + " waiting"
	}
	return text
}

// round keeps so many digits after the point.
func round(x float64, digits int) float64 {
	p := math.Pow10(digits)
	return math.Round(x*p) / p
}
