package trace_test

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"strings"

	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/node"
	"github.com/ouronet/ouronet/protocol"
	"github.com/ouronet/ouronet/trace"
)

// All connections of a configuration are recorded, and the recording is
// printed.
func Example() {
	var file bytes.Buffer // or an *os.File
	recorder := trace.NewRecorder(&file, trace.Config{})
	cfg := node.Config{Network: ledger.Preview}
	cfg.Mux.Record = recorder.Record

	ctx := context.Background() // the handshake has its own time limits
	a, b := net.Pipe()
	go node.Handshake(ctx, b, protocol.Responder, node.Config{Network: ledger.Mainnet})
	_, err := node.Handshake(ctx, a, protocol.Initiator, cfg)
	fmt.Println(err != nil)
	if err := recorder.Close(); err != nil {
		fmt.Println(err)
	}

	var out strings.Builder
	sum, err := trace.Decode(&file, &out)
	fmt.Println(sum.Messages, sum.Violations, err)
	fmt.Println(strings.Contains(out.String(), "MsgRefuse"))
	// Output:
	// true
	// 2 0 <nil>
	// true
}
