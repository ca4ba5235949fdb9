package conformance

import (
	"errors"
	"fmt"
	"slices"

	"github.com/ouronet/ouronet/protocol"
)

// Compare returns all differences between a Spec and a table that was written
// independently, joined, or nil. Whatever only one of them has is a difference. The
// order of states after the first, and of messages, does not matter.
func Compare(spec *protocol.Spec, want Table) error {
	if err := Check(spec); err != nil {
		return err
	}
	c := checker{spec: spec}
	got := TableOf(spec)
	c.same("name", got.Name, want.Name)
	c.same("number", got.Number, want.Number)
	if want.Ingress != 0 {
		c.same("ingress limit", got.Ingress, want.Ingress)
	}
	c.same("requests that may be pipelined", sorted(got.Pipelined), sorted(want.Pipelined))
	if len(want.States) == 0 {
		return errors.New("conformance: the table has no states")
	}
	c.same("first state", got.States[0].Name, want.States[0].Name)
	each(got.States, want.States, func(s TableState) string { return s.Name }, func(name string, a, b *TableState) {
		if a == nil || b == nil {
			c.fault("%s is only in the %s", name, where(a != nil))
			return
		}
		c.compareState(name, a, b)
	})
	return c.err()
}

func (c *checker) compareState(name string, a, b *TableState) {
	c.same("agency in "+name, a.Agency, b.Agency)
	c.same("limit in "+name, a.Limit, b.Limit)
	c.same("timeout in "+name, fmt.Sprint(a.Timeout), fmt.Sprint(b.Timeout))
	each(a.Edges, b.Edges, func(e TableEdge) string { return e.Message }, func(label string, a, b *TableEdge) {
		if a == nil || b == nil {
			c.fault("%s in %s is only in the %s", label, name, where(a != nil))
			return
		}
		c.same("tag of "+label+" in "+name, a.Tag, b.Tag)
		c.same(label+" in "+name+" leads to", a.To, b.To)
	})
}

// same notes a difference.
func (c *checker) same(what string, got, want any) {
	if got != want {
		c.fault("%s: %v in the Spec, %v in the table", what, got, want)
	}
}

func where(spec bool) string {
	if spec {
		return "Spec"
	}
	return "table"
}

func sorted(s []string) string {
	s = slices.Clone(s)
	slices.Sort(s)
	return fmt.Sprint(s)
}

// each pairs the elements of two lists by name and calls f with nil for what
// one of them does not have, in the order of a, then of b.
func each[T any](a, b []T, name func(T) string, f func(name string, a, b *T)) {
	for i := range a {
		var other *T
		for j := range b {
			if name(b[j]) == name(a[i]) {
				other = &b[j]
			}
		}
		f(name(a[i]), &a[i], other)
	}
	for j := range b {
		if !slices.ContainsFunc(a, func(x T) bool { return name(x) == name(b[j]) }) {
			f(name(b[j]), nil, &b[j])
		}
	}
}
