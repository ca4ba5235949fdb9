package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/ouronet/ouronet/node"
	"github.com/ouronet/ouronet/node/relay"
)

// reachTime is how long -exit-at-tip goes on without any peer.
const reachTime = time.Minute

// reach decides when to give up on the peers.
type reach struct{ since time.Time } // when a peer was followed last

// check returns an error if no peer was followed for too long, or none of them
// ever will be.
func (r *reach) check(s relay.Status, now time.Time) error {
	switch {
	case followed(s):
		r.since = now
	case refused(s), now.Sub(r.since) >= reachTime:
		return unreachable(s)
	}
	return nil
}

// tried reports whether each peer was reached or tried at least once.
func tried(s relay.Status) bool {
	for _, u := range s.Upstream {
		if !u.Connected && u.Err == nil {
			return false
		}
	}
	return true
}

// followed reports whether there is a peer whose chain can be followed.
func followed(s relay.Status) bool {
	for _, u := range s.Upstream {
		if u.Connected && u.Stopped == nil {
			return true
		}
	}
	return false
}

// refused reports whether trying again cannot help with any peer.
func refused(s relay.Status) bool {
	for _, u := range s.Upstream {
		if u.Connected || !node.Permanent(u.Err) {
			return false
		}
	}
	return len(s.Upstream) > 0
}

// unreachable says what became of each peer. Why is in the lines before.
func unreachable(s relay.Status) error {
	var reasons []string
	for _, u := range s.Upstream {
		switch {
		case u.Stopped != nil:
			reasons = append(reasons, "cannot follow "+u.Address)
		case u.Err != nil:
			what, _ := why(u)
			reasons = append(reasons, what)
		default:
			reasons = append(reasons, "no answer yet from "+u.Address)
		}
	}
	return fmt.Errorf("no peer to follow: %s: check -peer, -network and the connection", strings.Join(reasons, ", "))
}
