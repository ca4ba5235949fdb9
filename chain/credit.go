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

// credits counts the headers that peers may still send. Until a granted header comes,
// it takes a place among the headers that are not adopted.
type credits struct {
	maxLead, maxSide int // Config.MaxLead and MaxSideHeaders
	granted          int // and not come, sum over peers
}

// window returns the credit for a peer that says it has toCome headers after the end of
// its candidate. The number sets only the pace: a peer that lies gets grantWindow at most.
func (x *credits) window(toCome ledger.BlockNo) int {
	return min(grantSpare+int(min(toCome, grantWindow)), grantWindow, x.maxLead)
}

// enough reports whether a peer with so much credit need not be granted more yet.
func (x *credits) enough(credit, window int) bool { return credit > window/2 }

// demand decides the allowance of a peer.
type demand struct {
	credit int   // headers granted to it and not come
	window int   // see credits.window
	lead   int64 // headers of its candidate above our tip
	side   int   // headers of all peers that are not adopted
}

// allowance returns how many headers to grant a peer whose credit is not enough, and
// whether there would be some but for those that are not adopted.
func (x *credits) allowance(d demand) (n int, full bool) {
	want := d.window
	if room := int64(x.maxLead) - d.lead; d.lead > 0 && room < int64(want) {
		// Wait until a good part fits: grants of single headers would take the
		// pipelining away.
		if room <= int64(min(grantWindow, x.maxLead)/2) {
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
