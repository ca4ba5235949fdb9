package sim_test

import (
	"fmt"

	"github.com/ouronet/ouronet/internal/testing/sim"
)

// A network in which most peers lie, played from a seed.
func ExampleRun() {
	scenario, err := sim.ByName("liars")
	if err != nil {
		fmt.Println(err)
		return
	}
	r := sim.Run(scenario, 7)
	if r.Failure != nil {
		r = sim.Shrink(r)
		fmt.Println(r) // the last words are the command that repeats it
		return
	}
	again := sim.Run(scenario, 7)
	fmt.Println("the same again:", again.Trace == r.Trace)
	fmt.Println("lies found:", r.Blamed > 0)
	// Output:
	// the same again: true
	// lies found: true
}
