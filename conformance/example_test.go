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

// Both sides of keep-alive with up to three pings under way, in every order in
// which things can happen. Then one side that takes the answer for the end.
func ExampleModel_Check() {
	fmt.Println(conformance.NewModel(keepalive.Spec(), 3).Check())

	wrong := keepalive.Spec()
	wrong.States[keepalive.StServer].Edges[0].To = keepalive.StDone
	_, err := conformance.Model{Initiator: wrong, Responder: keepalive.Spec()}.Check()
	fmt.Println(err)
	// Output:
	// 18 states, 32 transitions, 1 ends <nil>
	// keep-alive at depth 1: nothing is under way and the sides are in different states (StDone, StClient)
	//    1. the initiator sends MsgKeepAlive
	//    2. MsgKeepAlive arrives at the responder
	//    3. the responder sends MsgKeepAliveResponse
	//    4. MsgKeepAliveResponse arrives at the initiator
}

// What has to be said before a node can be seen to await?
func ExampleModel_Paths() {
	paths, err := conformance.NewModel(chainsync.Spec(), 1).Paths()
	if err != nil {
		fmt.Println(err)
	}
	for _, p := range paths {
		if p.Message == "MsgAwaitReply" {
			fmt.Println(p.State, p.Steps)
		}
	}
	// Output:
	// StCanAwait [the initiator sends MsgRequestNext the responder sends MsgAwaitReply]
}

func ExampleMermaid() {
	fmt.Print(conformance.Mermaid(keepalive.Spec()))
	// Output:
	// stateDiagram-v2
	//     direction LR
	//     classDef initiator fill:#d5e8d4,color:black
	//     classDef responder fill:#dae8fc,color:black
	//     classDef nobody fill:#eeeeee,color:black
	//     [*] --> StClient
	//     StClient --> StServer: MsgKeepAlive
	//     StClient --> StDone: MsgDone
	//     class StClient initiator
	//     StServer --> StClient: MsgKeepAliveResponse
	//     class StServer responder
	//     StDone --> [*]
	//     class StDone nobody
}
