package messagetest_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/ouronet/ouronet/conformance/messagetest"
	"github.com/ouronet/ouronet/internal/cbor"
	"github.com/ouronet/ouronet/protocol"
)

// note is a message whose methods have a fault, if it is set.
type note struct{ Text []byte }

var fault string

func (note) Tag() uint64 {
	if fault == "another tag" {
		return 1
	}
	return 0
}

func (m note) Label() string {
	if fault == "a label without an edge" && string(m.Text) == "c" {
		return "MsgOther"
	}
	return "MsgNote"
}

func (m note) AppendCBOR(dst []byte) []byte {
	if fault == "drops what is there" {
		dst = nil
	}
	b := cbor.AppendUint(cbor.AppendArray(dst, 2), 0)
	if fault == "encodes something else" && len(m.Text) == 2 {
		return cbor.AppendBytes(b, m.Text[:1])
	}
	if fault == "cannot read what it wrote" && string(m.Text) == "c" {
		return b
	}
	return cbor.AppendBytes(b, m.Text)
}

func (m note) AppendHead(dst []byte) (head, body []byte) {
	whole := m.AppendCBOR(dst)
	if fault == "another head" {
		return append(whole, 0), nil
	}
	return whole, nil
}

func (note) Decode(raw []byte) (protocol.Message, error) {
	r := cbor.NewReader(raw)
	r.Message(2, 0)
	text := r.BytesAny()
	switch fault {
	case "keeps the bytes":
	case "drops a byte":
		text = bytes.Clone(text[:min(1, len(text))])
	default:
		text = bytes.Clone(text)
	}
	if fault == "reads anything" {
		return note{text}, nil
	}
	return note{text}, r.Close()
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func notes(limit int) messagetest.Cases {
	return messagetest.Cases{
		Spec: &protocol.Spec{Name: "note", ID: 1, Ingress: 100, States: []protocol.State{
			{Name: "StIdle", Agency: protocol.Initiator, Limit: limit, Edges: []protocol.Edge{{Msg: note{}, To: 1}}},
			{Name: "StDone"},
		}},
		Examples: []messagetest.Example{
			{"N1", "8200 41 62", note{[]byte("b")}},
			{"N2", "8200 42 6262", note{[]byte("bb")}},
		},
		Refused: []messagetest.Refused{{"R1", "820061 62", note{}}},
	}
}

func TestCheckFindsFaults(t *testing.T) {
	defer func() { fault = "" }()
	for _, test := range []struct{ fault, found string }{
		{"", ""},
		{"another tag", "begins with the tag 1"},
		{"a label without an edge", "is a MsgOther"},
		{"drops what is there", "behind what is there"},
		{"encodes something else", "N2: AppendCBOR appends 82004162, want 8200426262"},
		{"cannot read what it wrote", "encoded and decoded again"},
		{"another head", "N1: AppendHead"},
		{"keeps the bytes", "must not keep them"},
		{"drops a byte", "N2: decoded"},
		{"reads anything", "N1, cut off: decoded"},
		{"reads anything", "N1 and a byte: decoded"},
		{"reads anything", "R1: decoded"},
	} {
		fault = test.fault
		if err := notes(20).Check(); test.found == "" && err != nil || !strings.Contains(errorText(err), test.found) {
			t.Errorf("%s: %v; want that %q is in it", test.fault, err, test.found)
		}
	}
	fault = ""
	if err := notes(4).Check(); !strings.Contains(errorText(err), "N2: 5 bytes, the limit of StIdle is 4") {
		t.Errorf("a message beyond the limit: %v", err)
	}
	c := notes(20)
	c.Examples = nil
	if err := c.Check(); !strings.Contains(errorText(err), "no example of MsgNote") {
		t.Errorf("no examples: %v", err)
	}
	c.Examples = []messagetest.Example{{"odd", "820", note{}}}
	if err := c.Check(); !strings.Contains(errorText(err), "odd") {
		t.Errorf("half a byte: %v", err)
	}
}
