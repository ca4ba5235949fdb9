package conformance

import (
	"fmt"
	"strings"

	"github.com/ouronet/ouronet/protocol"
)

// Colours of states, by who has agency.
var colours = map[protocol.Role]string{
	protocol.Initiator: "#d5e8d4",
	protocol.Responder: "#dae8fc",
	protocol.Nobody:    "#eeeeee",
}

// roles in the order in which they are written down.
var roles = []protocol.Role{protocol.Initiator, protocol.Responder, protocol.Nobody}

// Mermaid draws a Spec as a Mermaid state diagram. States are coloured by who
// has agency.
func Mermaid(spec *protocol.Spec) string {
	var b strings.Builder
	b.WriteString("stateDiagram-v2\n    direction LR\n")
	for _, r := range roles {
		fmt.Fprintf(&b, "    classDef %v fill:%s,color:black\n", r, colours[r])
	}
	fmt.Fprintf(&b, "    [*] --> %s\n", spec.States[0].Name)
	for _, s := range spec.States {
		for _, e := range s.Edges {
			fmt.Fprintf(&b, "    %s --> %s: %s\n", s.Name, spec.States[e.To].Name, e.Msg.Label())
		}
		if s.Agency == protocol.Nobody {
			fmt.Fprintf(&b, "    %s --> [*]\n", s.Name)
		}
		fmt.Fprintf(&b, "    class %s %v\n", s.Name, s.Agency)
	}
	return b.String()
}

// DOT draws a Spec as a graph for Graphviz. A bold arrow is a request that may
// be sent ahead of earlier answers.
func DOT(spec *protocol.Spec) string {
	var b strings.Builder
	fmt.Fprintf(&b, "digraph %q {\n    rankdir=LR\n    node [shape=box, style=\"rounded,filled\"]\n", spec.Name)
	for i, s := range spec.States {
		shape := ""
		if s.Agency == protocol.Nobody {
			shape = ", peripheries=2"
		}
		label := fmt.Sprintf("%s\\n%v", s.Name, s.Agency)
		if s.Agency != protocol.Nobody {
			label += fmt.Sprintf("\\n%d bytes, %s", s.Limit, Wait(s.Timeout))
		}
		fmt.Fprintf(&b, "    %q [label=\"%s\", fillcolor=%q%s]\n", s.Name, label, colours[s.Agency], shape)
		for _, e := range s.Edges {
			bold := ""
			if spec.Pipelines(protocol.StateID(i), e.To) {
				bold = ", style=bold"
			}
			fmt.Fprintf(&b, "    %q -> %q [label=%q%s]\n", s.Name, spec.States[e.To].Name, e.Msg.Label(), bold)
		}
	}
	b.WriteString("}\n")
	return b.String()
}

// Wait writes a timeout for people: "10 s", "601 to 911 s" or "no time limit".
func Wait(t protocol.Timeout) string {
	switch list := seconds(t); len(list) {
	case 1:
		return fmt.Sprintf("%v s", list[0])
	case 2:
		return fmt.Sprintf("%v to %v s", list[0], list[1])
	}
	return "no time limit"
}
