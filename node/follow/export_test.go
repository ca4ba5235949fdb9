package follow

// Held returns how many bodies a Follower keeps whose loop has ended.
func (f *Follower) Held() int { return len(f.engine.blocks) }

// Holds returns how many links and bodies an Engine keeps that has nothing to do.
func (e *Engine) Holds() (links, bodies int) { return len(e.links), len(e.blocks) }
