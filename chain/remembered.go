package chain

import "time"

// lateness is what is remembered of an address whose connection ended: to connect
// again makes no peer as good as a new one.
type lateness struct {
	address  uint64
	strikes  int
	lateTill time.Duration
	lag      time.Duration
}

// maxRemembered is how many addresses are remembered at most, more than are followed.
const maxRemembered = 256

// remember keeps how late p was.
func (pl *planner) remember(p *peer) {
	if p.address == 0 {
		return
	}
	for i, x := range pl.remembered {
		if x.address == p.address {
			pl.remembered = append(pl.remembered[:i], pl.remembered[i+1:]...)
			break
		}
	}
	if p.strikes == 0 && p.rate.lag == 0 {
		return
	}
	if len(pl.remembered) == maxRemembered {
		pl.remembered = append(pl.remembered[:0], pl.remembered[1:]...)
	}
	pl.remembered = append(pl.remembered, lateness{p.address, p.strikes, p.lateTill, p.rate.lag})
}

// recall gives p what is remembered of its address.
func (pl *planner) recall(p *peer) {
	for _, x := range pl.remembered {
		if x.address == p.address {
			p.strikes, p.lateTill, p.rate.lag = x.strikes, x.lateTill, x.lag
		}
	}
}
