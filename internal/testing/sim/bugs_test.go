package sim

import (
	"slices"
	"testing"
)

// TestPlantedBugs sees to it that each bug is found by an oracle that is made
// for it, within the runs of [TestSweep].
func TestPlantedBugs(t *testing.T) {
	tests := []struct {
		name   string
		bug    bug
		oracle []string
	}{
		{"block handed over twice", handedOverTwice, []string{"ledger"}},
		{"rollback not handed on to the application", rollbackSwallowed, []string{"ledger"}},
		{"rollback not told to the core", rollbackNotTold, []string{"blame", "progress"}},
		{"rollback lost on reconnect", rollbackLostOnReconnect, []string{"stream"}},
		{"rollback lost when a server switches", rollbackLostOnSwitch, []string{"stream"}},
		{"rollback uses a grant", rollbackUsesGrant, []string{"progress", "blame"}},
		{"partial range served", partialRange, []string{"blame"}},
		{"NoBlocks after a block", refusedAfterStart, []string{"blame"}},
		{"candidate kept after disconnect", candidateKept, []string{"leak"}},
		{"name of a connection used again", reusedPeerID, []string{"stream", "blame", "limits"}},
		{"consumed bytes not given back", neverConsumed, []string{"limits"}},
		{"header announced before its body is held", announcedEarly, []string{"serving"}},
		{"k off by one", kOffByOne, []string{"ledger", "limits"}},
		{"range one block too long", rangeTooLong, []string{"limits"}},
		{"range sent twice", askedTwice, []string{"flight"}},
		{"in-flight entry leaked by a cancelled range", cancelUnanswered, []string{"leak", "progress", "limits"}},
		{"end of a range swallowed", doneSwallowed, []string{"progress", "limits"}},
		{"grant outlives a new intersection", staleGrant, []string{"limits"}},
		{"intersection asked for out of turn", notDrained, []string{"turn"}},
		{"Forget ignored", forgetIgnored, []string{"leak"}},
		{"body not checked", bodyUnchecked, []string{"ledger"}},
		{"header not verified", headerUnchecked, []string{"ledger", "blame"}},
		{"any chain of equal length preferred", preferAny, []string{"ledger"}},
		{"deadlines missed", neverTick, []string{"deadline"}},
		{"silent server never let go", neverTimedOut, []string{"patience"}},
		{"restart from before the last rollback", resumedStale, []string{"ledger", "restart"}},
		{"headers wait behind blocks", headOfLine, []string{"delay"}},
		{"one id too many acknowledged", ackOneMore, []string{"txs"}},
		{"transaction delivered twice", txTwice, []string{"txs"}},
		{"transaction forgotten with its peer", txForgotten, []string{"progress"}},
		{"peer forgotten", peerForgotten, []string{"redial"}},
		{"reply with a transaction that was not asked for", txUnrequested, []string{"txs"}},
		{"invalid block found valid", anyBlockValid, []string{"valid"}},
		{"verdict not told", verdictSwallowed, []string{"progress"}},
	}
	all := Scenarios()
	for i, test := range tests {
		if test.bug != bug(i+1) || len(tests) != int(bugs)-1 {
			t.Fatal("a planted bug has no test")
		}
		found := false
		for n := 0; n < 1200 && !found; n++ {
			sc := all[n%len(all)]
			sc.bug = test.bug
			r := Run(sc, uint64(n/len(all)))
			if found = r.Failure != nil; !found {
				continue
			}
			t.Logf("%-45s %-10s run %4d, %s", test.name, r.Failure.Oracle, n+1, sc.Name)
			if !slices.Contains(test.oracle, r.Failure.Oracle) {
				t.Errorf("%s: found by another oracle: %v", test.name, r)
			}
		}
		if !found {
			t.Errorf("%s: not found", test.name)
		}
	}
}
