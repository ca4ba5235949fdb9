package mux

import (
	"errors"
	"fmt"
	"net"
	"os"
	"sync"
	"time"

	"github.com/ouronet/ouronet/protocol"
)

var batches = sync.Pool{New: func() any { return new(batch) }}

// write writes what the channels queue until the Mux ends.
func (m *Mux) write() {
	for {
		if err := m.writeQueued(); err != nil {
			m.end(err)
			return
		}
		select {
		case <-m.queued:
		case <-m.ended:
			return
		case <-m.closing:
			if m.flushed() {
				m.finish()
				return
			}
		}
	}
}

// writeQueued writes until nothing is queued.
func (m *Mux) writeQueued() (err error) {
	b := batches.Get().(*batch)
	defer batches.Put(b)
	for err == nil {
		m.emu.Lock()
		b.fill(m)
		m.emu.Unlock()
		if len(b.from) == 0 {
			return nil
		}
		err = m.writeBatch(b)
		m.emu.Lock()
		b.written(m)
		b.reset()
		m.emu.Unlock()
	}
	return err
}

// writeBatch writes a batch of n segments within n times the segment's time, or
// a little more. (mux, 5)
func (m *Mux) writeBatch(b *batch) error {
	limit := time.Duration(len(b.from)) * m.sduTime
	// Setting a deadline takes as long as a small write, so the one that is
	// set stays while it is not far from right.
	due, slack := time.Now().Add(limit), m.sduTime/4
	if m.writeBy.Before(due) || m.writeBy.After(due.Add(slack)) {
		m.writeBy = due.Add(slack)
		m.conn.SetWriteDeadline(m.writeBy) // if it fails, writing tells why
	}
	if m.record != nil {
		// Before the write, so that the answer cannot be recorded first.
		m.record.Sending(b.bufs)
	}
	b.unwritten = b.bufs
	_, err := b.unwritten.WriteTo(m.conn)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return &protocol.ViolationError{Protocol: "mux", Err: fmt.Errorf("%w: %w: %d bytes not taken in %v", protocol.ErrTimeout, ErrStalled, b.bytes, limit)}
	}
	if err != nil {
		return bearerError(err)
	}
	return nil
}

// flushed reports whether all that was queued before Close has been written.
func (m *Mux) flushed() bool {
	m.emu.Lock()
	defer m.emu.Unlock()
	return m.schedule.empty()
}

// finish ends the Mux after everything was written: half-close, so that the
// peer sees the end, then let the reader drain what the peer still sends.
func (m *Mux) finish() {
	if c, ok := m.conn.(interface{ CloseWrite() error }); ok && c.CloseWrite() == nil {
		select {
		case <-m.eof:
		case <-m.ended:
		case <-time.After(drainTime):
		}
	}
	m.end(net.ErrClosed)
}
