package conform

import (
	"context"
	"encoding/binary"
	"io"
	"math/rand/v2"
	"net"
	"time"

	"github.com/ouronet/ouronet/handshake"
)

func newRand(seed, stream uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, stream)) }

// segments sends segments that no multiplexer may take. (mux, 1 and 9)
func (s *suite) segments(ctx context.Context) []Probe {
	var probes []Probe
	for _, c := range []struct {
		what    string
		segment []byte
	}{
		{"segment without payload", segment(2, nil)},
		{"unknown mini-protocol", segment(99, []byte{0x81, 0})},
		{"handshake again", segment(0, []byte{0x81, 0})},
		{"ingress limit exceeded", flood()},
	} {
		probe := Probe{State: "after handshake", Breach: c.what}
		switch after, err := s.raw(ctx, c.segment); {
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

func segment(id uint16, payload []byte) []byte {
	b := binary.BigEndian.AppendUint16([]byte{0, 0, 0, 0}, id)
	return append(binary.BigEndian.AppendUint16(b, uint16(len(payload))), payload...)
}

// flood is more requests for keep-alive than any node answers at once, in one
// segment that is larger than the ingress limit.
func flood() []byte {
	var pings []byte
	for len(pings) < 60_000 {
		pings = append(pings, 0x82, 0, 0)
	}
	return segment(8, pings)
}

// raw sends bytes after a handshake and returns how long the node took to end
// the connection, which is more than Patience if it did not.
func (s *suite) raw(ctx context.Context, b []byte) (time.Duration, error) {
	conn, err := s.cfg.dial(ctx)
	if err != nil {
		return 0, err
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	data := handshake.Data{Magic: s.cfg.Network.Magic, InitiatorOnly: true}
	propose := handshake.ProposeVersions{Table: handshake.Versions(data)}.AppendCBOR(nil)
	conn.SetDeadline(time.Now().Add(s.cfg.Patience))
	if _, err := conn.Write(segment(0, propose)); err != nil {
		return 0, err
	}
	head := make([]byte, 8)
	if _, err := io.ReadFull(conn, head); err != nil {
		return 0, err
	}
	if _, err := io.CopyN(io.Discard, conn, int64(binary.BigEndian.Uint16(head[6:]))); err != nil {
		return 0, err
	}
	start := time.Now()
	conn.SetDeadline(start.Add(s.cfg.Patience))
	// A node that ends the connection may do so before it has taken all.
	conn.Write(b)
	_, err = io.Copy(io.Discard, conn)
	if nerr, ok := err.(net.Error); ok && nerr.Timeout() {
		return s.cfg.Patience + 1, nil
	}
	return time.Since(start), nil
}
