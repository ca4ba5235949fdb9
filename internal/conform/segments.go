package conform

import (
	"context"
	"io"
	"math/rand/v2"
	"net"
	"time"

	"github.com/ouronet/ouronet/conformance"
	"github.com/ouronet/ouronet/handshake"
	"github.com/ouronet/ouronet/internal/segment"
	"github.com/ouronet/ouronet/protocol"
)

func newRand(seed, stream uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, stream)) }

// segments sends segments that no multiplexer may take. (mux, 1 and 9)
func (s *suite) segments(ctx context.Context) []Probe {
	var probes []Probe
	for _, c := range []struct {
		what    string
		segment []byte
	}{
		{"segment without payload", frame(2, nil)},
		{"unknown mini-protocol", frame(99, []byte{0x81, 0})},
		{"handshake again", frame(0, []byte{0x81, 0})},
		{"ingress limit exceeded", flood()},
	} {
		probe := Probe{State: "after handshake", Breach: c.what}
		switch after, err := s.raw(ctx, c.segment, s.cfg.Patience); {
		case err != nil:
			probe.Outcome, probe.Note = Departure, err.Error()
		case after > s.cfg.Patience:
			probe.Outcome, probe.After, probe.Note = Departure, s.cfg.Patience, "the connection is still up"
		default:
			probe.Outcome, probe.After = Refused, after
		}
		probes = append(probes, probe)
	}
	return probes
}

func frame(id uint16, payload []byte) []byte {
	return segment.Append(nil, protocol.Initiator, id, payload)
}

// flood is more requests for keep-alive than any node answers at once, in one
// segment that is larger than the ingress limit.
func flood() []byte {
	var pings []byte
	for len(pings) < 60_000 {
		pings = append(pings, 0x82, 0, 0)
	}
	return frame(8, pings)
}

// segmentLimit is how long a segment may take from its first byte to its last.
// (mux, 5)
const segmentLimit = 30 * time.Second

// stalls begins segments and does not end them.
func (s *suite) stalls(ctx context.Context) []Probe {
	ping := frame(8, []byte{0x82, 0, 0}) // so that the connection is not idle
	var probes []Probe
	for _, c := range []struct {
		what string
		part []byte
	}{
		{"half a head, then silence", frame(8, []byte{0x82, 0, 1})[:4]},
		{"half a payload, then silence", frame(8, []byte{0x82, 0, 1})[:10]},
	} {
		probes = append(probes, s.stall(ctx, c.what, append(ping[:len(ping):len(ping)], c.part...)))
	}
	return probes
}

// stall sends bytes that end within a segment, and waits.
func (s *suite) stall(ctx context.Context, what string, b []byte) Probe {
	probe := Probe{State: "after handshake", Breach: what, Outcome: Skipped, Note: conformance.Wait(protocol.After(segmentLimit))}
	if s.cfg.Silence < segmentLimit {
		return probe
	}
	after, err := s.raw(ctx, b, segmentLimit+late)
	probe.After = after
	switch {
	case err != nil:
		probe.Outcome, probe.Note = Departure, err.Error()
	case after > segmentLimit+late:
		probe.Outcome, probe.Note = Departure, "the connection is still up, "+probe.Note
	case after < segmentLimit-late/2:
		probe.Outcome, probe.Note = Departure, "too early, "+probe.Note
	default:
		probe.Outcome = Refused
	}
	return probe
}

// raw sends bytes after a handshake and returns how long the node took to end
// the connection, which is more than patience if it did not.
func (s *suite) raw(ctx context.Context, b []byte, patience time.Duration) (time.Duration, error) {
	conn, err := s.cfg.dial(ctx)
	if err != nil {
		return 0, err
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	data := handshake.Data{Magic: s.cfg.Network.Magic, InitiatorOnly: true}
	propose := handshake.ProposeVersions{Table: handshake.Versions(data)}.AppendCBOR(nil)
	conn.SetDeadline(time.Now().Add(s.cfg.Patience))
	if _, err := conn.Write(frame(0, propose)); err != nil {
		return 0, err
	}
	if _, _, err := segment.Read(conn); err != nil {
		return 0, err
	}
	start := time.Now()
	conn.SetDeadline(start.Add(patience))
	// A node that ends the connection may do so before it has taken all.
	conn.Write(b)
	_, err = io.Copy(io.Discard, conn)
	if nerr, ok := err.(net.Error); ok && nerr.Timeout() {
		return patience + 1, nil
	}
	return time.Since(start), nil
}
