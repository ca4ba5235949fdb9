package praos_test

import (
	"errors"
	"fmt"
	"log"

	"github.com/ouronet/ouronet/chaintest"
	"github.com/ouronet/ouronet/ledger/praos"
)

// Headers are checked one after the other; the state goes along, and can be
// saved at any time.
func ExampleVerifier_Verify() {
	chain := chaintest.NewGenerator(chaintest.Config{Seed: 1, Signed: true})
	verifier, err := praos.NewVerifier(praos.Config{Network: chain.Network()})
	if err != nil {
		log.Fatal(err)
	}
	state := praos.Origin(chain.Network())
	for range 10 {
		block := chain.Next()
		next, checks, err := verifier.Verify(state, &block.Header)
		if err != nil {
			log.Fatal(err)
		}
		if state = next; block.Header.BlockNo == 0 {
			fmt.Println("checked:", checks)
		}
	}
	fmt.Println("block:", state.Tip.BlockNo)

	saved, err := state.MarshalBinary()
	if err != nil {
		log.Fatal(err)
	}
	var again praos.State
	if err := again.UnmarshalBinary(saved); err != nil {
		log.Fatal(err)
	}

	chain.Next() // is missed
	block := chain.Next()
	_, _, err = verifier.Verify(again, &block.Header)
	fmt.Println("another parent:", errors.Is(err, praos.ErrPrevHash))
	// Output:
	// checked: envelope, certificate, KES, VRF, VRF bound
	// block: 9
	// another parent: true
}
