package mux

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/ouronet/ouronet/internal/segment"
	"github.com/ouronet/ouronet/internal/wake"
	"github.com/ouronet/ouronet/protocol"
)

// Reasons for which a Mux ends with no side at fault.
var (
	// ErrIdle: neither side used the connection for [Config].IdleTimeout.
	ErrIdle = errors.New("mux: connection not in use")
)

// ErrStalled: the peer began a segment and did not complete it, or did not
// take our bytes, in [Config].SegmentTimeout. It arrives in a *protocol.ViolationError,
// and is a protocol.ErrTimeout, too.
var ErrStalled = errors.New("peer stalled in the middle of a segment")

// Config adjusts a [Mux]. The zero value is right for node-to-node.
type Config struct {
	// SegmentSize is the most payload put in one segment, 1 to 65,535 bytes;
	// 0 is 12,288.
	SegmentSize int

	// SegmentTimeout is the time for one segment from its first byte to its
	// last, reading or writing; 0 is 30 s. (mux, 5)
	SegmentTimeout time.Duration

	// IdleTimeout ends a started Mux with [ErrIdle] after that time without a running
	// responder and without a task of [Mux.Go]; 0 is 5 s, negative is never. (mux, 8)
	IdleTimeout time.Duration

	// Record returns the Recorder that gets all bytes of the connection; [New] calls it
	// once. nil, or a nil Recorder, records nothing.
	Record func(net.Conn) Recorder
}

// Mux multiplexes one bearer. Its methods may be called from any goroutine.
type Mux struct {
	conn    net.Conn
	segment int
	sduTime time.Duration
	idle    time.Duration
	record  Recorder // nil records nothing

	ctx    context.Context // ends with the Mux; its cause is why
	cancel context.CancelCauseFunc
	ended  <-chan struct{}
	tasks  sync.WaitGroup // every goroutine of the Mux

	writeBy time.Time // the write deadline of conn; the writer's alone

	want    wake.One      // the handshake wants another segment
	epoch   time.Time     // of the timestamps
	started chan struct{} // closed by Start
	closing chan struct{} // closed by Close: flush, then end
	eof     chan struct{} // closed when the peer will send no more

	emu       sync.Mutex // guards schedule, unwritten, sealed and every Channel.out
	schedule  schedule
	unwritten [classes]int // bytes queued
	sealed    bool         // no more sending
	queued    wake.One     // schedule may have become non-empty

	mu        sync.Mutex // guards what follows
	channels  map[key]*Channel
	handshake *Channel
	isClosing bool
	isStarted bool
	users     int // running responders and holders
	idleTimer *time.Timer
	anyData   bool // some responder has had bytes
	endedAt   time.Time
}

type key struct {
	id   uint16
	role protocol.Role // ours
}

// New takes ownership of conn and starts to read and write. The handshake comes first;
// other segments stay unread until [Mux.Start].
func New(conn net.Conn, cfg Config) *Mux {
	m := &Mux{
		conn:     conn,
		segment:  segment.Usual,
		sduTime:  30 * time.Second,
		idle:     5 * time.Second,
		want:     wake.NewOne(),
		epoch:    time.Now(),
		started:  make(chan struct{}),
		closing:  make(chan struct{}),
		eof:      make(chan struct{}),
		queued:   wake.NewOne(),
		channels: make(map[key]*Channel),
	}
	if cfg.SegmentSize > 0 {
		m.segment = min(cfg.SegmentSize, segment.MaxPayload)
	}
	if cfg.SegmentTimeout > 0 {
		m.sduTime = cfg.SegmentTimeout
	}
	if cfg.IdleTimeout != 0 {
		m.idle = cfg.IdleTimeout
	}
	if cfg.Record != nil {
		m.record = cfg.Record(conn)
	}
	limitUnsent(conn)
	m.ctx, m.cancel = context.WithCancelCause(context.Background())
	m.ended = m.ctx.Done()
	m.tasks.Go(m.read)
	m.tasks.Go(m.write)
	return m
}

// Handshake returns the channel of the handshake (number 0), which exists
// until [Mux.Start]. A connecting side takes segments with either mode bit
// there, because at a TCP simultaneous open both sides are initiators.
// (handshake, 7)
func (m *Mux) Handshake(spec *protocol.Spec, role protocol.Role) *Channel {
	c := m.newChannel(spec, role)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.handshake = c
	m.endedAlready(c)
	return c
}

// Channel declares a mini-protocol in one role. All channels are declared
// before [Mux.Start]; declaring one twice is a bug and panics.
func (m *Mux) Channel(spec *protocol.Spec, role protocol.Role) *Channel {
	c := m.newChannel(spec, role)
	m.mu.Lock()
	defer m.mu.Unlock()
	k := key{spec.ID, role}
	if m.channels[k] != nil || m.isStarted {
		panic(fmt.Sprintf("mux: channel %d (%v) declared twice or too late", spec.ID, role))
	}
	m.channels[k] = c
	m.endedAlready(c)
	return c
}

// endedAlready tells a new channel if nothing will ever come.
func (m *Mux) endedAlready(c *Channel) {
	if m.ctx.Err() != nil {
		c.end(m.cause())
	}
}

func (m *Mux) newChannel(spec *protocol.Spec, role protocol.Role) *Channel {
	c := &Channel{mux: m, id: spec.ID, role: role, name: spec.Name, ingress: newIngress(spec)}
	c.out.room = wake.NewOne()
	return c
}

// Start ends the handshake phase: from here segments go to the declared
// channels, and one for any other number or role ends the connection. (mux, 9)
func (m *Mux) Start() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.isStarted {
		return
	}
	m.isStarted = true
	if m.handshake != nil {
		m.handshake.end(net.ErrClosed)
		m.handshake = nil
	}
	close(m.started)
	m.watchIdle()
}

// Context ends when the Mux does; its cause is why.
func (m *Mux) Context() context.Context { return m.ctx }

// Done is closed when the Mux has ended; [Mux.Err] then says why.
func (m *Mux) Done() <-chan struct{} { return m.ended }

// Err returns why the Mux ended: a *protocol.ViolationError, io.EOF when the peer hung
// up between segments, net.ErrClosed when we closed, or the error of the bearer. It is
// nil before.
func (m *Mux) Err() error {
	select {
	case <-m.ended:
		return m.cause()
	default:
		return nil
	}
}

func (m *Mux) cause() error {
	if err := context.Cause(m.ctx); err != nil {
		return err
	}
	return net.ErrClosed // sealed by Close, not ended yet
}

// Fail ends the connection at once, for the given reason, and does not wait.
// The first reason stays.
func (m *Mux) Fail(err error) { m.end(err) }

// end is the only way a Mux ends.
func (m *Mux) end(err error) {
	m.emu.Lock()
	m.sealed = true
	m.emu.Unlock()
	m.mu.Lock()
	if m.record != nil && m.ctx.Err() == nil {
		m.record.Ended(err)
	}
	if m.ctx.Err() == nil {
		m.endedAt = time.Now()
	}
	m.cancel(err)
	if m.idleTimer != nil {
		m.idleTimer.Stop()
	}
	err = m.cause()
	if m.handshake != nil {
		m.handshake.end(err)
	}
	for _, c := range m.channels {
		c.end(err)
	}
	m.mu.Unlock()
	m.conn.Close()
}

// Close ends the connection in order: it sends the queued bytes, closes the sending
// direction, reads for at most a second what the peer still sends (else a reset would
// destroy bytes that the peer has not read), and closes. When ctx ends first, queued
// bytes are dropped. Close waits for every goroutine of the Mux, so it must not be
// called from one; it may be called more than once, and after [Mux.Fail]. It returns
// why the Mux ended, if that was not Close.
func (m *Mux) Close(ctx context.Context) error {
	m.emu.Lock()
	m.sealed = true
	m.emu.Unlock()
	m.mu.Lock()
	if !m.isClosing {
		m.isClosing = true
		close(m.closing)
	}
	m.mu.Unlock()
	select {
	case <-m.ended:
	case <-ctx.Done():
		m.end(net.ErrClosed)
	}
	m.tasks.Wait()
	if err := m.cause(); !errors.Is(err, net.ErrClosed) {
		return err
	}
	return nil
}
