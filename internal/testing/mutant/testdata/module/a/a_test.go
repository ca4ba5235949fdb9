package a

import "testing"

func TestLarger(t *testing.T) {
	if Larger(1, 2) != 2 || Larger(2, 1) != 2 {
		t.Fail()
	}
}

func TestEither(t *testing.T) {
	if !Either(true, false) || Either(false, false) {
		t.Fail()
	}
}

func TestSum(t *testing.T) {
	if Sum([]int{1, 2}) != 3 {
		t.Fail()
	}
}
