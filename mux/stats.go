package mux

import (
	"cmp"
	"slices"
	"time"

	"github.com/ouronet/ouronet/protocol"
)

// Count is a number of messages and of their bytes, without headers of segments.
type Count struct {
	Messages, Bytes uint64
}

// ChannelStats has the counters of a [Channel] and the sizes of its queues.
type ChannelStats struct {
	Protocol string        // the name in the table, such as "chain-sync"
	Number   uint16        // of the mini-protocol
	Role     protocol.Role // ours

	// Sent counts the messages handed over for sending, those in Queued included.
	// Received counts the bytes that have arrived, and the messages that a session has
	// received.
	Sent, Received Count

	// Queued is the number of bytes that are not yet written. All channels of a [Class]
	// together have at most QueueLimit, or one message each.
	Queued, QueueLimit int

	// Unread is the number of bytes that have arrived and that no session has read.
	// More than UnreadLimit end the connection.
	Unread, UnreadLimit int
}

// Stats returns the counters of all channels, without that of the handshake, by
// number and role.
func (m *Mux) Stats() []ChannelStats {
	m.mu.Lock()
	stats := make([]ChannelStats, 0, len(m.channels))
	m.emu.Lock()
	for _, c := range m.channels {
		stats = append(stats, c.stats())
	}
	m.emu.Unlock()
	m.mu.Unlock()
	slices.SortFunc(stats, func(a, b ChannelStats) int {
		return cmp.Or(cmp.Compare(a.Number, b.Number), cmp.Compare(a.Role, b.Role))
	})
	return stats
}

// stats is called with Mux.emu held.
func (c *Channel) stats() ChannelStats {
	s := ChannelStats{
		Protocol: c.name, Number: c.id, Role: c.role,
		Sent: c.out.sent, Queued: c.out.unwritten, QueueLimit: c.out.class.EgressMark(),
	}
	in := &c.ingress
	in.mu.Lock()
	defer in.mu.Unlock()
	s.Received, s.Unread, s.UnreadLimit = in.received, in.unread-in.seen, in.limit
	return s
}

// EndedAt returns when the Mux ended, the zero Time before.
func (m *Mux) EndedAt() time.Time {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.endedAt
}
