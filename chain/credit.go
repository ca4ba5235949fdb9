package chain

import "github.com/ouronet/ouronet/ledger"

const (
	// grantWindow is the most headers granted to a peer at once. It is above
	// the high mark of pipelining (300), so that the mark and not the core
	// sets the pace. (relay-behaviour, 5.2)
	grantWindow = 400

	// grantSpare is granted beyond what the peer announced.
	grantSpare = 8
)

// credits is how many headers peers may still send. What was granted has its place
// among the headers that nobody adopted until it comes.
type credits struct {
	maxLead, maxSide int // Config.MaxLead and MaxSideHeaders
	granted          int // and not come, sum over peers
}

// demand is what the allowance of a peer follows from.
type demand struct {
	credit int            // headers granted to it and not come
	toCome ledger.BlockNo // headers from the end of its candidate to the tip it announced
	lead   int64          // headers of its candidate above our tip
	side   int            // headers of all peers that nobody adopted
}

// allowance returns how many headers to grant a peer now, and whether there would be
// some but for those that nobody adopted.
func (x *credits) allowance(d demand) (n int, full bool) {
	// Only pace follows from the announced tip: a peer that lies about it gets
	// at most the window.
	hint := grantSpare + int(min(d.toCome, grantWindow))
	window := min(grantWindow, x.maxLead)
	want := min(hint, window)
	if d.credit > want/2 {
		return 0, false
	}
	if room := int64(x.maxLead) - d.lead; d.lead > 0 && room < int64(want) {
		// Wait until a good part fits: grants of single headers would take the
		// pipelining away.
		if room <= int64(window/2) {
			return 0, false
		}
		want = int(room)
	}
	n = min(want-d.credit, x.maxSide-d.side-x.granted)
	return max(n, 0), n <= 0 && want > d.credit
}

// grant adds n headers to the credit of a peer.
func (x *credits) grant(credit *int, n int) {
	*credit += n
	x.granted += n
}

// spend takes a header that came off the credit of its sender, who may have sent more
// than was granted.
func (x *credits) spend(credit *int) {
	if *credit > 0 {
		*credit--
		x.granted--
	}
}

// revoke takes back what was granted to a peer.
func (x *credits) revoke(credit *int) {
	x.granted -= *credit
	*credit = 0
}
