// Package golden reads bytes that tests have as hexadecimal digits.
package golden

import (
	"encoding/hex"
	"strings"
	"testing"
)

// Bytes returns the bytes that digits stands for. Spaces between the digits are for
// the reader.
func Bytes(t testing.TB, digits string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(digits, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}
