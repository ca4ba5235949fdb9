package main

import (
	"fmt"
	"time"

	"github.com/ouronet/ouronet/ledger"
)

// resumeEvery is how long headers of the folder are read between two lines about it.
const resumeEvery = 10 * time.Second

// progress is how far the headers of the folder have been read, as the relay reports.
type progress struct {
	from  ledger.BlockNo
	since time.Time // of from; zero before the first report
	told  time.Time
}

// report returns how long the rest takes at the pace since the first report, 0 if that is
// not known yet; due is false while the last line about it is fresh.
func (p *progress) report(at, tip ledger.BlockNo, now time.Time) (left time.Duration, due bool) {
	if p.since.IsZero() {
		p.from, p.since = at, now
	}
	if !p.told.IsZero() && now.Sub(p.told) < resumeEvery {
		return 0, false
	}
	p.told = now
	if at <= p.from || tip < at {
		return 0, true
	}
	perBlock := now.Sub(p.since).Seconds() / float64(at-p.from)
	return time.Duration(perBlock * float64(tip-at) * float64(time.Second)), true
}

// resuming tells how far the headers in the folder have been read.
func (p *program) resuming(at, tip ledger.Tip) {
	left, due := p.resumed.report(at.BlockNo, tip.BlockNo, time.Now())
	if !due {
		return
	}
	e := event{
		Event: "resuming", Left: left.Seconds(),
		text: fmt.Sprintf("reads headers of the folder for their nonces: block %s of %s", count(uint64(at.BlockNo)), count(uint64(tip.BlockNo))),
	}
	if left > 0 {
		e.text += fmt.Sprintf(", about %s left", max(left.Round(time.Second), time.Second))
	}
	e.text += "; serves the folder meanwhile, follows then"
	p.out.event(e.at(at))
}
