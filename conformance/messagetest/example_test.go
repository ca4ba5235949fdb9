package messagetest_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/fxamacker/cbor/v2"
	"github.com/ouronet/ouronet/conformance/messagetest"
	"github.com/ouronet/ouronet/protocol"
)

// hello is the only message of a mini-protocol of one's own.
type hello struct {
	_    struct{} `cbor:",toarray"`
	T    uint64
	Name string
}

func (hello) Label() string { return "MsgHello" }
func (hello) Tag() uint64   { return 0 }

func (m hello) AppendCBOR(dst []byte) []byte {
	b, err := cbor.Marshal(m)
	if err != nil {
		panic(err) // of types that cannot be encoded
	}
	return append(dst, b...)
}

func (hello) Decode(raw []byte) (protocol.Message, error) {
	var m hello
	err := cbor.Unmarshal(raw, &m)
	return m, err
}

// spec is its table.
var spec = &protocol.Spec{Name: "hello", ID: 1001, Ingress: 1000, States: []protocol.State{
	{Name: "StIdle", Agency: protocol.Initiator, Limit: 100, Timeout: protocol.After(time.Minute),
		Edges: []protocol.Edge{{Msg: hello{}, To: 1}}},
	{Name: "StDone"},
}}

// cases are what the specification of hello says, and what must be refused.
var cases = messagetest.Cases{
	Spec: spec,
	Examples: []messagetest.Example{
		{"a name", "82 00 63 4d6178", hello{Name: "Max"}},
		{"no name", "82 00 60", hello{}},
	},
	Readings: []messagetest.Example{
		{"a length in two bytes", "82 00 7803 4d6178", hello{Name: "Max"}},
	},
	Refused: []messagetest.Refused{
		{"a number for the name", "820001", hello{}},
		{"two names", "83006060", hello{}},
	},
}

func FuzzHello(f *testing.F) { cases.Fuzz(f, nil) }

// In a test, the error is for t.Error.
func ExampleCases() {
	fmt.Println(cases.Check())

	wrong := cases
	wrong.Examples = cases.Examples[:1]
	wrong.Refused = append(wrong.Refused, messagetest.Refused{"no name", "820060", hello{}})
	fmt.Println(wrong.Check())
	// Output:
	// <nil>
	// no name: decoded 820060 as messagetest_test.hello{_:struct {}{}, T:0x0, Name:""}
}
