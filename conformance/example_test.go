package conformance_test

import (
	"fmt"

	"github.com/ouronet/ouronet/chainsync"
	"github.com/ouronet/ouronet/conformance"
	"github.com/ouronet/ouronet/keepalive"
	"github.com/ouronet/ouronet/protocol"
)

// A table with a mistake: nothing leads out of the second state.
func ExampleCheck() {
	spec := keepalive.Spec()
	spec.States[keepalive.StServer].Edges[0].To = keepalive.StServer
	fmt.Println(conformance.Check(spec))
	// Output:
	// keep-alive: StServer leads to no terminal state
}

// A copy of chain-sync for a trusted peer, and what is different about it.
func ExampleCompare() {
	want := conformance.TableOf(chainsync.Spec())
	spec := chainsync.Spec()
	spec.States[chainsync.StMustReply].Timeout = protocol.Timeout{}
	fmt.Println(conformance.Compare(spec, want))
	// Output:
	// chain-sync: timeout in StMustReply: [] in the Spec, [601 911] in the table
}

// What of chain-sync may be sent ahead of the answers?
func ExampleTableOf() {
	fmt.Println(conformance.TableOf(chainsync.Spec()).Pipelined)
	// Output:
	// [MsgRequestNext MsgFindIntersect]
}
