package trace

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/ouronet/ouronet/blockfetch"
	"github.com/ouronet/ouronet/chainsync"
	"github.com/ouronet/ouronet/handshake"
	"github.com/ouronet/ouronet/internal/segment"
	"github.com/ouronet/ouronet/keepalive"
	"github.com/ouronet/ouronet/peersharing"
	"github.com/ouronet/ouronet/protocol"
	"github.com/ouronet/ouronet/txsubmission"
)

// Summary has the counts of a [Decode].
type Summary struct {
	Connections int
	Messages    int
	Bytes       uint64 // of segments, heads included
	Violations  int    // by either side
	Truncated   int    // connections and cores recorded in part
	Damaged     uint64 // bytes left out
	Steps       int    // of cores
	Differences int    // steps that have other effects today
	Unknown     int    // records and inputs left out, or read in part, because a later version wrote them
}

// Decode prints the messages of a recording or capture, a line each:
//
//	0.012033  1 > chain-sync      StIdle       MsgRequestNext  3 B  +1.2ms
//
// That is the time in seconds since the first record; the connection; > for what our
// side sent, or in a capture the side that connected, and < for what came back; the
// mini-protocol, with ~ before it if the side that accepted is the initiator; the state
// in which the message was judged, or "pipelined" for a request ahead of answers; the
// message; its size; how long its sender had had the turn; and what is in it. A
// violation follows on the same line after "!!". Later messages of the same
// conversation are not checked.
//
// A step of a pure core is printed as
//
//	0.012033  2 * chain step 7: at 1.2ms peer 1 rolls back to origin, tip 60.99a35669… block 2
//
// followed by the effects, indented. A recording has only a hash of those, so the
// printed effects are those of the current code for the same events, with the tie-break
// of Praos; a line with "!!" marks a difference from the recording. Later steps follow
// from the recorded effects, so many may differ after the first. After steps that are
// missing, effects are not printed until the core begins anew.
//
// Parts that only a later version can read have a line that says so.
func Decode(r io.Reader, w io.Writer) (Summary, error) {
	source, err := Open(r)
	if err != nil {
		return Summary{}, err
	}
	d := &decoder{w: bufio.NewWriter(w), conns: make(map[uint32]*connection), cores: make(map[uint32]*core), specs: specs()}
	for {
		rec, err := source.Next()
		if err != nil {
			d.end()
			if _, own := source.(*Reader); own && !d.finished {
				fmt.Fprintln(d.w, "the recording has no end: it was not closed, or is cut off")
			}
			if errors.Is(err, io.EOF) {
				err = nil
			}
			return d.sum, errors.Join(err, d.w.Flush())
		}
		d.record(rec)
	}
}

func specs() map[uint16]*protocol.Spec {
	all := make(map[uint16]*protocol.Spec)
	for _, s := range []*protocol.Spec{handshake.Spec(), chainsync.Spec(), blockfetch.Spec(), txsubmission.Spec(), keepalive.Spec(), peersharing.Spec()} {
		all[s.ID] = s
	}
	return all
}

type decoder struct {
	w     *bufio.Writer
	sum   Summary
	start time.Time
	conns map[uint32]*connection
	cores map[uint32]*core
	specs map[uint16]*protocol.Spec

	finished bool // the recording was closed in order
}

// connection is what the decoder knows of one.
type connection struct {
	id        uint32
	in        [2]segments // by side
	bytes     [2]uint64
	convs     map[convKey]*conversation
	counts    map[uint16]*count
	connector side
	begun     bool   // connector is known
	given     string // why it is not decoded any further
	agreed    agreement
}

// convKey tells conversations apart: a mini-protocol may run in both
// directions at once.
type convKey struct {
	id        uint16
	initiator side
}

type count struct{ messages, bytes int }

func (d *decoder) line(r Record, id uint32, format string, args ...any) {
	if d.start.IsZero() {
		d.start = r.Time
	}
	fmt.Fprintf(d.w, "%10.6f %2d ", r.Time.Sub(d.start).Seconds(), id)
	d.w.WriteString(strings.TrimRight(printable(fmt.Sprintf(format, args...)), " "))
	d.w.WriteByte('\n')
}

// printable keeps what peers wrote from steering a terminal.
func printable(s string) string {
	return strings.Map(func(c rune) rune {
		if c < ' ' || c == 0x7f || c >= 0x80 && c < 0xa0 {
			return '.'
		}
		return c
	}, s)
}

func (d *decoder) record(r Record) {
	switch {
	case !r.Kind.Known():
		d.sum.Unknown++
		d.line(r, r.ID, "= record of kind %d, which is not known here: %d B left out", r.Kind, len(r.Unknown))
		return
	case len(r.Unknown) > 0:
		d.sum.Unknown++
		d.line(r, r.ID, "= the next record has more than is known here: %d B left out", len(r.Unknown))
	}
	switch r.Kind {
	case Opened:
		d.sum.Connections++
		d.line(r, r.ID, "= opened: %s to %s", r.Local, r.Remote)
		d.conns[r.ID] = &connection{id: r.ID, convs: make(map[convKey]*conversation), counts: make(map[uint16]*count), agreed: agreement{handshaking: true}}
	case Received, Sent:
		d.data(r)
	case Ended:
		d.line(r, r.ID, "= ended: %s", r.Text)
		d.close(r.ID)
	case CoreBegun:
		d.cores[r.ID] = &core{name: r.Text}
		d.line(r, r.ID, "= core %s", r.Text)
	case Stepped:
		d.step(r)
	case Truncated:
		d.sum.Truncated++
		d.line(r, r.ID, "= truncated: the recording could not keep up, or was full")
		d.close(r.ID)
	case Finished:
		d.finished = true
	case Damaged:
		d.sum.Damaged += r.Number
		fmt.Fprintf(d.w, "%d bytes of the recording are damaged\n", r.Number)
	}
}

func (d *decoder) close(id uint32) {
	c := d.conns[id]
	if c == nil {
		return
	}
	delete(d.conns, id)
	if c.given != "" && !c.begun {
		return
	}
	ids := make([]uint16, 0, len(c.counts))
	for id := range c.counts { // any order
		ids = append(ids, id)
	}
	slices.Sort(ids)
	for _, id := range ids {
		fmt.Fprintf(d.w, "           %2d = %s: %d messages, %d bytes\n", c.id, d.name(id), c.counts[id].messages, c.counts[id].bytes)
	}
}

// end closes what the recording left open.
func (d *decoder) end() {
	ids := make([]uint32, 0, len(d.conns))
	for id := range d.conns { // any order
		ids = append(ids, id)
	}
	slices.Sort(ids)
	for _, id := range ids {
		d.close(id)
	}
}

func (d *decoder) name(id uint16) string {
	if s := d.specs[id]; s != nil {
		return s.Name
	}
	return fmt.Sprintf("number %d", id)
}

func (d *decoder) data(r Record) {
	c := d.conns[r.ID]
	if c == nil || c.given != "" {
		return
	}
	from := ours
	if r.Kind == Received {
		from = theirs
	}
	if r.Number != c.bytes[from] {
		c.given = "gap"
		d.line(r, c.id, "= bytes %d to %d of %s are missing: no more of this connection is decoded", c.bytes[from], r.Number, from)
		return
	}
	c.bytes[from] += uint64(len(r.Data))
	d.sum.Bytes += uint64(len(r.Data))
	ok := c.in[from].feed(r.Data,
		func(h segment.Head) bool { return d.segment(r, c, from, h) },
		func(h segment.Head, b []byte) bool {
			d.payload(r, c, from, h, b)
			return true
		})
	if !ok {
		c.given = "not followed"
	}
}

// segment judges the head of a segment.
func (d *decoder) segment(r Record, c *connection, from side, h segment.Head) bool {
	if !c.begun {
		if h.ID != 0 || h.Length == 0 {
			d.line(r, c.id, "= does not begin with a handshake: not decoded")
			return false
		}
		c.begun, c.connector = true, from
		if h.Role == protocol.Responder {
			c.connector = from.other()
		}
	}
	key := keyOf(from, h)
	fault := ""
	switch {
	case h.Length == 0:
		fault = "segment without payload"
	case h.ID == 0 || c.agreed.unknown:
	case c.agreed.handshaking:
		fault = fmt.Sprintf("%s before the handshake is over", d.name(h.ID))
	case !c.agreed.uses(h.ID, d.specs[h.ID] != nil):
		fault = fmt.Sprintf("%s was not agreed on", d.name(h.ID))
	case key.initiator != c.connector && !c.agreed.Duplex():
		fault = fmt.Sprintf("%s of the side that accepted, on a connection for the other's questions only", d.name(h.ID))
	}
	if fault != "" {
		d.sum.Violations++
		d.line(r, c.id, "%s !! %s", arrow(from), fault)
	}
	return h.Length > 0
}

func arrow(from side) string { return [...]string{">", "<"}[from] }

func keyOf(from side, h segment.Head) convKey {
	if h.Role == protocol.Initiator {
		return convKey{h.ID, from}
	}
	return convKey{h.ID, from.other()}
}

// payload gives a piece of a segment to its conversation.
func (d *decoder) payload(r Record, c *connection, from side, h segment.Head, b []byte) {
	n := c.counts[h.ID]
	if n == nil {
		n = new(count)
		c.counts[h.ID] = n
	}
	n.bytes += len(b)
	key := keyOf(from, h)
	conv := c.convs[key]
	if conv == nil {
		spec := d.specs[h.ID]
		if spec == nil {
			// Other protocols are none of ours; say so once.
			if n.bytes == len(b) {
				d.line(r, c.id, "%s %s is not known: not decoded", arrow(from), d.name(h.ID))
			}
			return
		}
		conv = newConversation(spec)
		c.convs[key] = conv
	}
	conv.feed(r.Time, h.Role, b, func(m message) {
		n.messages++
		d.sum.Messages++
		d.message(c, key, conv, m)
	})
}

func (d *decoder) message(c *connection, key convKey, conv *conversation, m message) {
	from := key.initiator
	if m.from == protocol.Responder {
		from = from.other()
	}
	mark := " "
	if key.initiator != c.connector {
		mark = "~"
	}
	took := ""
	if m.timed {
		took = "+" + m.took.Round(time.Microsecond).String()
	}
	text := ""
	if m.msg != nil {
		text = describe(m.msg)
	}
	if m.early {
		text = strings.TrimLeft(text+" (sent early)", " ")
	}
	if m.fault != nil {
		if !errors.Is(m.fault, errors.ErrUnsupported) {
			d.sum.Violations++
		}
		text = strings.TrimLeft(text+" !! "+m.fault.Error(), " ")
	}
	if conv.spec.ID == 0 {
		c.agreed.message(from, m)
	}
	d.line(Record{Time: m.at}, c.id, "%s%s%-14s %-18s %-22s %7d B  %-10s %s",
		arrow(from), mark, conv.spec.Name, m.state, m.label, m.size, took, text)
}
