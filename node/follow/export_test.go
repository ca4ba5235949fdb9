package follow

// Held returns how many bodies a Follower keeps whose loop has ended.
func (f *Follower) Held() int { return len(f.peers[0].engine.blocks) }
