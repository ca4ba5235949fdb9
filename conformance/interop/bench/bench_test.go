package main

import (
	"testing"
)

// Every stack's initiator understands every stack's responder, so that the
// table compares the same conversations.
func TestStacksUnderstandEachOther(t *testing.T) {
	c := newChain(50, 20_000)
	long := c.repeated(2000)
	for _, server := range columns {
		for _, client := range columns {
			t.Run(server.name+" to "+client.name, func(t *testing.T) {
				i, end, err := connect(server.stack, client.stack, c, c, options{bodyHash: true, careful: true}, 0)
				if err != nil {
					t.Fatal(err)
				}
				for range 3 {
					if err := i.ping(); err != nil {
						t.Fatal(err)
					}
				}
				if err := i.fetch(c.spans(120, 7)); err != nil {
					t.Fatal(err)
				}
				end()

				i, end, err = connect(server.stack, client.stack, long, long, options{}, 0)
				if err != nil {
					t.Fatal(err)
				}
				defer end()
				if err := i.headers(1500); err != nil {
					t.Fatal(err)
				}
			})
		}
	}
}

// The baseline sees a block that is not the expected one.
func TestBaselineChecks(t *testing.T) {
	served := newChain(3, 20_000)
	expected := newChain(3, 20_000)
	expected.blocks[1].Header.Hash[0]++
	i, end, err := connect(raw{}, raw{}, served, expected, options{}, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer end()
	if err := i.fetch([]span{{0, 3}}); err == nil {
		t.Error("no complaint about a wrong block")
	}
}
