//go:build linux

package main

import (
	"flag"
	"os"
	"testing"
	"time"
)

// The test's program is the server and the load, too.
func TestMain(m *testing.M) {
	flag.Parse()
	if child() {
		main()
		return
	}
	os.Exit(m.Run())
}

// An honest follower and newcomers are served beside one of each hostile kind.
func TestServedBesideHostilePeers(t *testing.T) {
	p := plan{phase: 300 * time.Millisecond, conns: 4 + len(ways), hostile: len(ways)}
	r, err := measure(t.Context(), "ouronet", p)
	if err != nil {
		t.Fatal(err)
	}
	for i, p := range r.parts {
		if len(p.headers) == 0 || p.lost > 0 {
			t.Errorf("phase %d: %d headers came, %d did not", i, len(p.headers), p.lost)
		}
		if len(p.newcomers) == 0 || p.refused > 0 {
			t.Errorf("phase %d: %d newcomers got in, %d did not", i, len(p.newcomers), p.refused)
		}
		if p.rss == 0 {
			t.Errorf("phase %d: no memory measured", i)
		}
	}
	if len(r.dropped) > 0 {
		t.Errorf("the follower was dropped: %v", r.dropped)
	}
	if n := r.cutOff(); n > 0 {
		t.Errorf("honest peers were refused or cut off %d times", n)
	}
	if len(r.crowd) != 2+len(ways) {
		t.Errorf("%d kinds of peers", len(r.crowd))
	}
	for _, k := range r.crowd {
		if k.Peers == 0 || k.Dialled == 0 {
			t.Errorf("%s: %d peers dialled %d times", k.Name, k.Peers, k.Dialled)
		}
	}
}
