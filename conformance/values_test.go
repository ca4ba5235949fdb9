package conformance_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"testing"
	"time"

	"github.com/ouronet/ouronet/handshake"
	"github.com/ouronet/ouronet/internal/testing/golden"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/mux"
	"github.com/ouronet/ouronet/protocol"
)

// reencode reads a value of a kind and encodes it again.
func reencode(kind string, raw []byte) ([]byte, error) {
	type value interface{ AppendCBOR([]byte) []byte }
	var v value
	var rest []byte
	var err error
	switch kind {
	case "point":
		v, rest, err = ledger.DecodePoint(raw)
	case "tip":
		v, rest, err = ledger.DecodeTip(raw)
	case "header":
		v, rest, err = ledger.DecodeRawHeader(raw)
	case "txid":
		v, rest, err = ledger.DecodeTxID(raw)
	case "tx":
		v, rest, err = ledger.DecodeRawTx(raw)
	case "data14", "data15", "data16":
		n, _ := strconv.Atoi(kind[4:])
		d, err := handshake.DecodeData(raw, handshake.Version(n))
		return d.AppendCBOR(nil, handshake.Version(n)), err
	default:
		err = fmt.Errorf("unknown kind %s", kind)
	}
	if err == nil && len(rest) > 0 {
		err = errors.New("left something over")
	}
	if err != nil {
		return nil, err
	}
	return v.AppendCBOR(nil), nil
}

func TestValues(t *testing.T) {
	for _, f := range rows(t, "values.txt") {
		raw := golden.Bytes(t, f[2])
		if got, err := reencode(f[1], raw); err != nil || !bytes.Equal(got, raw) {
			t.Errorf("%s was encoded again to %x, %v", f[0], got, err)
		}
	}
}

// channel declares a mini-protocol and returns what arrives on it.
func channel(m *mux.Mux, number int, role protocol.Role) *mux.Channel {
	for _, spec := range specs {
		if s := spec(); int(s.ID) == number {
			if number == 0 {
				return m.Handshake(s, role)
			}
			return m.Channel(s, role)
		}
	}
	panic("unknown mini-protocol")
}

// Segments arrive at the side that waits for them, without their heads.
func TestSegments(t *testing.T) {
	list := rows(t, "segments.txt")
	for n := 0; n < len(list); {
		f := list[n]
		var wire, want []byte
		ids := ""
		for ; n < len(list) && list[n][1] == f[1] && list[n][2] == f[2]; n++ {
			raw := golden.Bytes(t, list[n][3])
			wire, want = append(wire, raw...), append(want, raw[8:]...)
			ids += " " + list[n][0]
		}
		number, _ := strconv.Atoi(f[1])
		role := protocol.Responder // of the side that receives
		if f[2] == "responder" {
			role = protocol.Initiator
		}
		a, b := net.Pipe()
		m := mux.New(a, mux.Config{})
		c := channel(m, number, role)
		if number != 0 {
			m.Start()
		}
		go b.Write(wire)
		got := receive(t, c, len(want))
		if !bytes.Equal(got, want) {
			t.Errorf("segments%s: got %x, want %x", ids, got, want)
		}
		m.Fail(net.ErrClosed)
		m.Close(t.Context())
		b.Close()
	}
}

// receive returns the first n bytes that arrive on c.
func receive(t *testing.T, c *mux.Channel, n int) []byte {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for seen := 0; ; {
		got, err := c.Peek(seen)
		if len(got) >= n || err != nil {
			return bytes.Clone(got)
		}
		seen = len(got)
		select {
		case <-c.Ready():
		case <-ctx.Done():
			return bytes.Clone(got)
		}
	}
}

// A segment of no length ends the connection. (examples, 3)
func TestEmptySegment(t *testing.T) {
	a, b := net.Pipe()
	m := mux.New(a, mux.Config{})
	channel(m, 2, protocol.Responder)
	m.Start()
	go b.Write(golden.Bytes(t, "0000000100020000"))
	select {
	case <-m.Done():
		if !protocol.IsPeerFault(m.Err()) {
			t.Error(m.Err())
		}
	case <-time.After(time.Minute):
		t.Error("still there")
	}
	m.Close(t.Context())
	b.Close()
}
