package conformance_test

import (
	"strings"
	"testing"

	"github.com/ouronet/ouronet/conformance"
	"github.com/ouronet/ouronet/keepalive"
	"github.com/ouronet/ouronet/protocol"
)

// The document is what the code says. To write it: go test ./conformance -run
// TestDocument -update
func TestDocument(t *testing.T) {
	compare(t, "../docs/protocols.md", conformance.Markdown(conformance.Protocols()))
}

// Diagrams have every state and every transition, once.
func TestGraphsAreComplete(t *testing.T) {
	for _, spec := range conformance.Protocols() {
		for _, s := range spec.States {
			for _, e := range s.Edges {
				to, label := spec.States[e.To].Name, e.Msg.Label()
				for _, has := range []struct{ graph, line string }{
					{conformance.Mermaid(spec), "    " + s.Name + " --> " + to + ": " + label + "\n"},
					{conformance.DOT(spec), `    "` + s.Name + `" -> "` + to + `" [label="` + label + `"`},
				} {
					if n := strings.Count(has.graph, has.line); n != 1 {
						t.Errorf("%s: %d times %q in\n%s", spec.Name, n, has.line, has.graph)
					}
				}
			}
		}
	}
}

// A change of the table changes the document.
func TestDocumentFollows(t *testing.T) {
	document := conformance.Markdown(conformance.Protocols())
	for n := range conformance.Protocols() {
		for what, change := range map[string]func(*protocol.Spec){
			"limit":   func(s *protocol.Spec) { s.States[0].Limit++ },
			"timeout": func(s *protocol.Spec) { s.States[0].Timeout.Max += 1e9 },
			"agency":  func(s *protocol.Spec) { s.States[0].Agency = s.States[0].Agency.Peer() },
			"edge":    func(s *protocol.Spec) { s.States[0].Edges[0].To = 2 },
			"ingress": func(s *protocol.Spec) { s.Ingress += 11 },
		} {
			list := conformance.Protocols()
			change(list[n])
			if conformance.Markdown(list) == document {
				t.Errorf("%s: another %s is not in the document", list[n].Name, what)
			}
		}
	}
}

func TestDOT(t *testing.T) {
	const want = `digraph "keep-alive" {
    rankdir=LR
    node [shape=box, style="rounded,filled"]
    "StClient" [label="StClient\ninitiator\n65535 bytes, 97 s", fillcolor="#d5e8d4"]
    "StClient" -> "StServer" [label="MsgKeepAlive", style=bold]
    "StClient" -> "StDone" [label="MsgDone"]
    "StServer" [label="StServer\nresponder\n65535 bytes, 60 s", fillcolor="#dae8fc"]
    "StServer" -> "StClient" [label="MsgKeepAliveResponse"]
    "StDone" [label="StDone\nnobody", fillcolor="#eeeeee", peripheries=2]
}
`
	if got := conformance.DOT(keepalive.Spec()); got != want {
		t.Errorf("got\n%s", got)
	}
}
