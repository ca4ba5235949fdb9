package conformance

import (
	"fmt"
	"strings"

	"github.com/ouronet/ouronet/protocol"
)

// Markdown writes a document about mini-protocols: for each a diagram and the
// table of its limits and timeouts, and what this module's side of it asks for.
func Markdown(specs []*protocol.Spec) string {
	var b strings.Builder
	b.WriteString(`# Mini-protocols

This is written from the tables that the code runs, by
` + "`go run ./cmd/ouronet graph -format markdown`" + `. In the diagrams the initiator
has agency in green states and the responder in blue ones. The limit is the
largest message accepted in a state; the time is how long the other side waits
for it.
`)
	for _, spec := range specs {
		section(&b, spec)
	}
	b.WriteString(`
## What is asked for

No peer is cut off for sending what it was asked for: what may be on its way at
one time fits the ingress limit.

| mini-protocol | receives | what | bytes | may use |
| --- | --- | --- | ---: | ---: |
`)
	for _, c := range Budgets(specs) {
		fmt.Fprintf(&b, "| %s | %v | %s: %d × %d | %d | %.0f %% of %d |\n",
			c.Protocol, c.Role, c.Why, c.Count, c.Each, c.Bytes(), 100*c.Share, c.Ingress)
	}
	return b.String()
}

func section(b *strings.Builder, spec *protocol.Spec) {
	fmt.Fprintf(b, "\n## %s\n\nNumber %d, ingress limit %d bytes", spec.Name, spec.ID, spec.Ingress)
	if asks := Asks(spec); asks != protocol.Nobody {
		fmt.Fprintf(b, "; the %v may send ahead of answers: %s", asks, strings.Join(TableOf(spec).Pipelined, ", "))
	}
	fmt.Fprintf(b, ".\n\n```mermaid\n%s```\n\n", Mermaid(spec))
	b.WriteString("| state | agency | limit | time | messages |\n| --- | --- | ---: | --- | --- |\n")
	for _, s := range spec.States {
		if s.Agency == protocol.Nobody {
			fmt.Fprintf(b, "| %s | %v | | | |\n", s.Name, s.Agency)
			continue
		}
		var messages []string
		for _, e := range s.Edges {
			messages = append(messages, fmt.Sprintf("%s (%d) → %s", e.Msg.Label(), e.Msg.Tag(), spec.States[e.To].Name))
		}
		fmt.Fprintf(b, "| %s | %v | %d | %s | %s |\n", s.Name, s.Agency, s.Limit, Wait(s.Timeout), strings.Join(messages, "<br>"))
	}
}
