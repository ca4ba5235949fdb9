package trace

import (
	"bytes"
	"errors"
	"io"
	"time"
)

// Recording is a whole recording or capture in memory.
type Recording struct {
	Conns   []*Conn // in the order in which they were opened
	Cores   []*Core
	Damaged uint64 // bytes left out
	Unknown int    // records left out, or read in part, because a later version wrote them
}

// Conn is one recorded connection.
type Conn struct {
	ID            uint32 // see [Record]
	Local, Remote string
	Opened        time.Time
	Chunks        []Chunk
	Truncated     bool // not all of it was recorded, or some is damaged
	Ended         bool // with the reason
	Reason        string
}

// Chunk is a number of bytes that were sent or received at once.
type Chunk struct {
	Time time.Time
	Sent bool // by our side
	Data []byte
}

// Core is the recorded decisions of one pure core.
type Core struct {
	ID        uint32
	Name      string
	Steps     []Step
	Truncated bool // not all of it was recorded, or some is damaged
}

// Step is one step of a core.
type Step struct {
	Time    time.Time
	Number  uint64 // counted from 0
	Input   []byte // as its core encodes it
	Effects Hash   // SHA-256 of the encoded effects
}

// Load reads a whole recording or capture. The parts of a connection or core after a
// gap are left out.
func Load(r io.Reader) (*Recording, error) {
	source, err := Open(r)
	if err != nil {
		return nil, err
	}
	all := new(Recording)
	conns, cores := make(map[uint32]*Conn), make(map[uint32]*Core)
	offsets := make(map[uint32]*[2]uint64)
	for {
		rec, err := source.Next()
		if err != nil {
			if errors.Is(err, io.EOF) {
				err = nil
			}
			return all, err
		}
		if !rec.Kind.Known() || len(rec.Unknown) > 0 {
			all.Unknown++
		}
		conn, core := conns[rec.ID], cores[rec.ID]
		switch rec.Kind {
		case Opened:
			conn = &Conn{ID: rec.ID, Local: rec.Local, Remote: rec.Remote, Opened: rec.Time}
			conns[rec.ID], offsets[rec.ID] = conn, new([2]uint64)
			all.Conns = append(all.Conns, conn)
		case CoreBegun:
			core = &Core{ID: rec.ID, Name: rec.Text}
			cores[rec.ID] = core
			all.Cores = append(all.Cores, core)
		case Received, Sent:
			if conn != nil && !conn.Truncated {
				conn.add(rec, offsets[rec.ID])
			}
		case Ended:
			if conn != nil {
				conn.Ended, conn.Reason = true, rec.Text
			}
		case Stepped:
			if core == nil || core.Truncated {
				continue
			}
			if core.Truncated = rec.Number != uint64(len(core.Steps)); !core.Truncated {
				core.Steps = append(core.Steps, Step{rec.Time, rec.Number, bytes.Clone(rec.Data), rec.Effects})
			}
		case Truncated:
			if conn != nil {
				conn.Truncated = true
			}
			if core != nil {
				core.Truncated = true
			}
		case Damaged:
			all.Damaged += rec.Number
		}
	}
}

func (c *Conn) add(rec Record, offsets *[2]uint64) {
	direction := 0
	if rec.Kind == Sent {
		direction = 1
	}
	if rec.Number != offsets[direction] {
		c.Truncated = true
		return
	}
	offsets[direction] += uint64(len(rec.Data))
	c.Chunks = append(c.Chunks, Chunk{rec.Time, rec.Kind == Sent, bytes.Clone(rec.Data)})
}
