package ledger

import "testing"

func TestTieBreak(t *testing.T) {
	a, b := [32]byte{1}, [32]byte{2}
	low, high := [64]byte{0, 0xff}, [64]byte{1}
	for _, tt := range []struct {
		name       string
		ours, cand TieBreak
		want, back bool // ours loses to cand, cand loses to ours
	}{
		{"lower VRF", TieBreak{Babbage, 10, a, 1, high}, TieBreak{Babbage, 99, b, 1, low}, true, false},
		{"same VRF", TieBreak{Babbage, 10, a, 1, low}, TieBreak{Babbage, 11, b, 2, low}, false, false},
		{"higher issue number", TieBreak{Babbage, 10, a, 1, low}, TieBreak{Babbage, 10, a, 2, low}, true, false},
		{"issue number before VRF", TieBreak{Conway, 10, a, 1, low}, TieBreak{Conway, 10, a, 2, high}, true, false},
		{"issue number of another slot", TieBreak{Conway, 10, a, 1, low}, TieBreak{Conway, 11, a, 2, high}, false, true},
		{"issue number of another pool", TieBreak{Conway, 10, a, 1, low}, TieBreak{Conway, 10, b, 2, high}, false, true},
		{"Conway, near", TieBreak{Conway, 10, a, 1, high}, TieBreak{Conway, 15, b, 1, low}, true, false},
		{"Conway, far", TieBreak{Conway, 10, a, 1, high}, TieBreak{Conway, 16, b, 1, low}, false, false},
		{"Babbage and Conway, far", TieBreak{Babbage, 10, a, 1, high}, TieBreak{Conway, 16, b, 1, low}, false, false},
		{"Shelley and Babbage, far", TieBreak{Shelley, 10, a, 1, high}, TieBreak{Babbage, 16, b, 1, low}, true, false},
	} {
		if got := tt.ours.LosesTo(tt.cand); got != tt.want {
			t.Errorf("%s: LosesTo = %v, want %v", tt.name, got, tt.want)
		}
		if got := tt.cand.LosesTo(tt.ours); got != tt.back {
			t.Errorf("%s, the other way: LosesTo = %v, want %v", tt.name, got, tt.back)
		}
	}
}
