package node

import (
	"net/netip"
	"slices"
	"time"
)

// debts are what peers have asked for ahead of their paces, from when their
// connections ended on: to connect again makes nothing free again. Each new connection
// from an address begins with what the one that owes most has left, and has its own
// pace then. That is no more than was free, so a request waits for what it asks for
// itself at most, 8.1 s for the largest, which is less than the peer allows.
type debts []debt

// debt is of an address, or of an IPv6 network of 64 bits.
type debt struct {
	of  netip.Prefix
	due [paces]time.Time
}

// maxDebts is how many are kept at most, of some 130 bytes each. None lasts longer than
// it takes to pay what was free: 100 s. (See Conn.owes.)
const maxDebts = 1024

// add keeps what is due of a network.
func (d *debts) add(of netip.Prefix, due [paces]time.Time, now time.Time) {
	owes := func(due [paces]time.Time) bool {
		return slices.ContainsFunc(due[:], now.Before)
	}
	if !owes(due) {
		return
	}
	all := slices.DeleteFunc(*d, func(x debt) bool {
		if x.of == of {
			due = latest(due, x.due)
			return true
		}
		return !owes(x.due)
	})
	if len(all) == maxDebts {
		all = slices.Delete(all, 0, 1) // the one of which nothing was heard for longest
	}
	*d = append(all, debt{of, due})
}

// of returns what is due of a network.
func (d debts) of(network netip.Prefix) (due [paces]time.Time) {
	if i := slices.IndexFunc(d, func(x debt) bool { return x.of == network }); i >= 0 {
		due = d[i].due
	}
	return due
}

func latest(a, b [paces]time.Time) [paces]time.Time {
	for i := range a {
		if b[i].After(a[i]) {
			a[i] = b[i]
		}
	}
	return a
}
