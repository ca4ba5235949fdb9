package handshake

import (
	"strings"
	"testing"
	"unicode/utf8"
)

// Whatever a peer writes into a refusal, the error is one short line of text.
func TestRefusedErrorIsShort(t *testing.T) {
	many := make([]uint64, 1000)
	for i := range many {
		many[i] = 1<<64 - 1
	}
	for _, r := range []Refusal{
		{Reason: VersionMismatch, Versions: many},
		{Reason: HandshakeDecodeError, Version: 15, Text: strings.Repeat("x", maxText)},
		{Reason: Refused, Version: 15, Text: strings.Repeat("\x00\n", maxText/2)},
		{Reason: Refused, Version: 15, Text: strings.Repeat("\xff", maxText)},
		{Reason: Refused, Version: 65535, Text: strings.Repeat("界", maxText/3)},
	} {
		s := (&RefusedError{Refusal: r}).Error()
		if n := utf8.RuneCountInString(s); n > 200 || !utf8.ValidString(s) || strings.ContainsAny(s, "\n\x00") {
			t.Errorf("%d characters: %q", n, s)
		}
	}
	for _, test := range []struct {
		refusal Refusal
		want    string
	}{
		{Refusal{Reason: VersionMismatch, Versions: []uint64{7, 8}}, "it takes [7 8]"},
		{Refusal{Reason: VersionMismatch, Versions: []uint64{1, 2, 3, 4, 5, 6, 7}}, "it takes [1 2 3 4 5] and 2 more"},
		{Refusal{Reason: Refused, Version: 14, Text: "another\nnetwork"}, `version 14: "another\nnetwork"`},
		{Refusal{Reason: Refused, Version: 14, Text: strings.Repeat("x", 98)}, `version 14: "` + strings.Repeat("x", 98) + `"`},
		{Refusal{Reason: Refused, Version: 14, Text: strings.Repeat("x", 99)}, `version 14: "` + strings.Repeat("x", 95) + `..."`},
	} {
		if s := (&RefusedError{Refusal: test.refusal}).Error(); !strings.HasSuffix(s, test.want) {
			t.Errorf("%s, want %s", s, test.want)
		}
	}
}
