package b

import "testing"

func TestFour(t *testing.T) {
	if Four(3) != 12 {
		t.Fail()
	}
}
