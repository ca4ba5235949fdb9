package main

import "time"

// window is what rates are taken over: short enough to follow changes, long
// enough not to flicker.
const window = 5 * time.Second

// meter tells how fast blocks come.
type meter struct{ samples []sample }

type sample struct {
	at            time.Time
	blocks, bytes int64
}

// add takes the totals as of now and returns the rates per second over the
// last few seconds.
func (m *meter) add(now time.Time, blocks, bytes int64) (blockRate, byteRate float64) {
	m.samples = append(m.samples, sample{now, blocks, bytes})
	// The oldest sample stays until the next one is outside of the window, too.
	for len(m.samples) > 2 && now.Sub(m.samples[1].at) >= window {
		m.samples = m.samples[1:]
	}
	first := m.samples[0]
	s := now.Sub(first.at).Seconds()
	if s <= 0 {
		return 0, 0
	}
	return float64(blocks-first.blocks) / s, float64(bytes-first.bytes) / s
}
