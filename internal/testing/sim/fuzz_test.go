package sim

import "testing"

// FuzzRun plays scenarios whose numbers, manners and faults are in an input: no
// oracle finds fault with them, and played again they are the same.
func FuzzRun(f *testing.F) {
	for seed := range uint64(4) {
		f.Add(seed, uint8(3), uint8(3), uint8(30), uint8(20), uint8(4), uint8(5), []byte{1, 6, 3, 5}, []byte{0, 3, 4}, false)
	}
	f.Add(uint64(9), uint8(1), uint8(1), uint8(0), uint8(100), uint8(0), uint8(0), []byte{}, []byte{}, true)
	f.Fuzz(func(t *testing.T, seed uint64, nodes, peers, blocks, reorgs, txs, faults uint8, who, kinds []byte, roomy bool) {
		sc := Scenario{Name: "fuzz", Nodes: 1 + int(nodes%5), Peers: 1 + int(peers%6), Blocks: int(blocks % 80),
			Reorgs: int(reorgs % 101), Txs: int(txs % 20), Faults: int(faults % 20), Roomy: roomy}
		for _, b := range who[:min(len(who), 10)] {
			sc.Manners = append(sc.Manners, Honest+Manner(b)%(Lying-Honest+1))
		}
		for _, b := range kinds[:min(len(kinds), 10)] {
			sc.Kinds = append(sc.Kinds, Fault(b)%(RestartBare+1))
		}
		r := Run(sc, seed)
		if r.Failure != nil {
			t.Fatalf("%+v: %v", sc, r)
		}
		if again := Run(sc, seed); again.Trace != r.Trace || again.Events != r.Events {
			t.Errorf("%+v: %d events with trace %x, then %d with %x", sc, r.Events, r.Trace, again.Events, again.Trace)
		}
	})
}
