package c

import (
	"testing"

	"example.test/module/b"
)

// A package whose tests import what imports a.
func TestFour(t *testing.T) {
	if b.Four(0) != 0 {
		t.Fail()
	}
}
