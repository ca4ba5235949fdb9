package trace

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/ouronet/ouronet/internal/segment"
	"github.com/ouronet/ouronet/internal/wake"
	"github.com/ouronet/ouronet/protocol"
)

// Replay plays the peer of a recorded connection to the current code, and compares what
// that sends with the recording. The zero value compares all.
type Replay struct {
	// Skip are numbers of mini-protocols to leave out: the peer's messages are not
	// played and ours are not compared. Leave out keep-alive if our side draws its
	// cookies at random.
	Skip []uint16

	// Patience bounds the wait for bytes that the recording has and the code has not
	// sent; 0 is 10 s.
	Patience time.Duration
}

// DifferenceError says where the code differs from the recording.
type DifferenceError struct {
	Protocol uint16        // number
	Role     protocol.Role // ours
	Offset   int           // of the first byte that differs, in our stream
	Want     []byte        // from there on, some bytes of the recording; nil: nothing more
	Got      []byte        // and of what was sent now; nil: nothing came
}

// Error gives the mini-protocol, the byte, and what was sent and expected there.
func (e *DifferenceError) Error() string {
	where := fmt.Sprintf("trace: mini-protocol %d as %s, byte %d of what we send", e.Protocol, e.Role, e.Offset)
	switch {
	case e.Got == nil:
		return fmt.Sprintf("%s: nothing, want %x", where, e.Want)
	case e.Want == nil:
		return fmt.Sprintf("%s: got %x, want nothing", where, e.Got)
	}
	return fmt.Sprintf("%s: got %x, want %x", where, e.Got, e.Want)
}

// ErrTruncated means that the recording of a connection is incomplete, so that it
// cannot be replayed.
var ErrTruncated = errors.New("trace: the recording of the connection is truncated")

// Run calls run with a bearer whose other end sends the bytes of the peer in c, each at
// its recorded time after the start, and not before our side has sent all that it had
// sent by then. The bytes of our side are compared by mini-protocol: segment sizes,
// time stamps, and the order between mini-protocols may differ. At the first difference
// the bearer ends, and Run returns a [*DifferenceError] when run returns; run should
// wait for the end of the bearer. Without a difference Run returns the error of run,
// unless that only says that the bearer ended.
//
// Inside testing/synctest, time is virtual.
func (r Replay) Run(c *Conn, run func(net.Conn) error) error {
	if c.Truncated {
		return ErrTruncated
	}
	if r.Patience <= 0 {
		r.Patience = 10 * time.Second
	}
	b := newBearer(r, c)
	err := run(b)
	b.Close()
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.diff != nil {
		return b.diff
	}
	if missing := b.missing(b.want); missing != nil {
		return missing
	}
	if errors.Is(err, io.EOF) || errors.Is(err, net.ErrClosed) {
		err = nil
	}
	return err
}

// channel is our side of a mini-protocol.
type channel struct {
	id   uint16
	role protocol.Role
}

// cue is a piece of what the peer says.
type cue struct {
	after time.Duration   // since the start
	sent  map[channel]int // bytes that we have sent before
	data  []byte
}

// bearer is the net.Conn of a replay.
type bearer struct {
	skip     []uint16
	patience time.Duration
	begin    time.Time
	cues     []cue
	recorded map[channel][]byte
	want     map[channel]int // all of recorded

	mu      sync.Mutex
	changed wake.All // when something of what follows changes
	got     map[channel]int
	writing segments
	rest    []byte // of the current cue
	diff    *DifferenceError
	closed  bool
	readBy  time.Time
}

func newBearer(r Replay, c *Conn) *bearer {
	b := &bearer{
		skip: r.Skip, patience: r.Patience, begin: time.Now(),
		recorded: make(map[channel][]byte), got: make(map[channel]int),
	}
	sent := make(map[channel]int)
	var in, out segments
	for _, chunk := range c.Chunks {
		if chunk.Sent {
			out.feed(chunk.Data, func(segment.Head) bool { return true }, func(h segment.Head, p []byte) bool {
				k := channel{h.ID, h.Role}
				if !slices.Contains(r.Skip, h.ID) {
					b.recorded[k] = append(b.recorded[k], p...)
					sent[k] += len(p)
				}
				return true
			})
			continue
		}
		next := cue{after: chunk.Time.Sub(c.Opened), sent: make(map[channel]int)}
		for k, n := range sent { // any order
			next.sent[k] = n
		}
		if len(r.Skip) == 0 {
			next.data = chunk.Data
		} else {
			in.feed(chunk.Data, func(segment.Head) bool { return true }, func(h segment.Head, p []byte) bool {
				if !slices.Contains(r.Skip, h.ID) {
					next.data = segment.Append(next.data, h.Role, h.ID, p)
				}
				return true
			})
		}
		if len(next.data) > 0 {
			b.cues = append(b.cues, next)
		}
	}
	b.want = sent
	return b
}

// missing returns what of want has not been sent, the lowest channel first.
func (b *bearer) missing(want map[channel]int) *DifferenceError {
	var found *DifferenceError
	for k, n := range want { // any order
		got := b.got[k]
		if got >= n || found != nil && (found.Protocol < k.id || found.Protocol == k.id && found.Role <= k.role) {
			continue
		}
		found = &DifferenceError{Protocol: k.id, Role: k.role, Offset: got, Want: clipBytes(b.recorded[k][got:n])}
	}
	return found
}

func (b *bearer) fail(d *DifferenceError) {
	if b.diff == nil {
		b.diff = d
	}
	b.changed.Wake()
}

// Read implements net.Conn: it waits for the next cue's time and for what is to
// be sent before.
func (b *bearer) Read(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for {
		now := time.Now()
		var wake time.Time
		switch {
		case b.diff != nil || b.closed:
			return 0, net.ErrClosed
		case !b.readBy.IsZero() && !now.Before(b.readBy):
			return 0, os.ErrDeadlineExceeded
		case len(b.rest) > 0:
			n := copy(p, b.rest)
			b.rest = b.rest[n:]
			return n, nil
		}
		want, due := b.want, b.begin
		if len(b.cues) > 0 {
			want, due = b.cues[0].sent, b.begin.Add(b.cues[0].after)
		}
		missing := b.missing(want)
		switch {
		case missing == nil && len(b.cues) == 0:
			return 0, io.EOF
		case missing == nil && !now.Before(due):
			b.rest, b.cues = b.cues[0].data, b.cues[1:]
			b.begin = b.begin.Add(now.Sub(due)) // what is late makes all that follows late
			continue
		case missing == nil:
			wake = due
		default:
			if now.Before(due) {
				now = due
			}
			wake = now.Add(b.patience)
		}
		if !b.wait(wake) && missing != nil {
			b.fail(missing)
		}
	}
}

// wait lets go of the lock until something changes, which it reports, or until
// wake or the read deadline.
func (b *bearer) wait(wake time.Time) (changed bool) {
	limited := !b.readBy.IsZero() && b.readBy.Before(wake)
	if limited {
		wake = b.readBy
	}
	news := b.changed.Next()
	t := time.NewTimer(time.Until(wake))
	defer t.Stop()
	b.mu.Unlock()
	defer b.mu.Lock()
	select {
	case <-news:
		return true
	case <-t.C:
		return limited
	}
}

// Write implements net.Conn: it compares.
func (b *bearer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.diff != nil || b.closed {
		return 0, net.ErrClosed
	}
	b.writing.feed(p, func(segment.Head) bool { return true }, func(h segment.Head, part []byte) bool {
		return b.compare(channel{h.ID, h.Role}, part)
	})
	if b.diff != nil {
		return 0, b.diff
	}
	b.changed.Wake()
	return len(p), nil
}

func (b *bearer) compare(k channel, part []byte) bool {
	if slices.Contains(b.skip, k.id) {
		return true
	}
	at := b.got[k]
	want := b.recorded[k][at:]
	for i := range part {
		if i == len(want) || part[i] != want[i] {
			var rest []byte
			if i < len(want) {
				rest = clipBytes(want[i:])
			}
			b.fail(&DifferenceError{Protocol: k.id, Role: k.role, Offset: at + i, Want: rest, Got: slices.Clone(clipBytes(part[i:]))})
			return false
		}
	}
	b.got[k] = at + len(part)
	return true
}

// Close implements net.Conn.
func (b *bearer) Close() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.closed = true
	b.changed.Wake()
	return nil
}

// SetReadDeadline implements net.Conn.
func (b *bearer) SetReadDeadline(t time.Time) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.readBy = t
	b.changed.Wake()
	return nil
}

// SetDeadline implements net.Conn.
func (b *bearer) SetDeadline(t time.Time) error { return b.SetReadDeadline(t) }

// SetWriteDeadline implements net.Conn; writing does not wait.
func (b *bearer) SetWriteDeadline(time.Time) error { return nil }

// LocalAddr implements net.Conn.
func (b *bearer) LocalAddr() net.Addr { return replayAddr("replay") }

// RemoteAddr implements net.Conn.
func (b *bearer) RemoteAddr() net.Addr { return replayAddr("recording") }

type replayAddr string

// Network is neither tcp nor unix.
func (replayAddr) Network() string { return "replay" }

// String is the address in the recording.
func (a replayAddr) String() string { return string(a) }
