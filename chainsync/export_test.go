package chainsync

// SetRandom makes i draw its timeouts with random.
func (i *Initiator) SetRandom(random func() float64) { i.s.Random = random }
