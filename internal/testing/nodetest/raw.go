package nodetest

import (
	"encoding/binary"
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/ouronet/ouronet/handshake"
	"github.com/ouronet/ouronet/protocol"
)

// Raw is a peer that writes segments by hand, after an honest handshake.
type Raw struct {
	t    testing.TB
	Conn net.Conn
}

// DialRaw connects to address and shakes hands.
func (w *World) DialRaw(address string, data handshake.Data) *Raw {
	w.T.Helper()
	conn, err := w.Net.Dial(w.T.Context(), address)
	if err != nil {
		w.T.Fatal(err)
	}
	w.T.Cleanup(func() { conn.Close() })
	p := &Raw{w.T, conn}
	data.Magic = Network().Magic
	p.Message(0, false, handshake.ProposeVersions{Table: handshake.Versions(data)})
	p.Segment()
	return p
}

// ServeRaw puts a node on the network that answers the handshake, calls then
// and reads what comes. It takes one connection after the other until the test
// ends.
func (w *World) ServeRaw(address string, then func(*Raw)) {
	l := w.Net.Listen(address)
	var tasks sync.WaitGroup
	var conns []net.Conn
	var mu sync.Mutex
	tasks.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			mu.Lock()
			conns = append(conns, conn)
			mu.Unlock()
			p := &Raw{w.T, conn}
			tasks.Go(func() {
				defer conn.Close()
				p.Segment()
				then(p)
				p.Drain()
			})
		}
	})
	w.T.Cleanup(func() {
		l.Close()
		mu.Lock()
		for _, c := range conns {
			c.Close()
		}
		mu.Unlock()
		tasks.Wait()
	})
}

// Accept answers the handshake of a node that only asks.
func (p *Raw) Accept() {
	data := handshake.Data{Magic: Network().Magic, InitiatorOnly: true}
	p.Message(0, true, handshake.AcceptVersion{Entry: handshake.Versions(data, handshake.V15)[0]})
}

// Message writes a message in one segment; the error is for the test to see in
// what comes of it.
func (p *Raw) Message(id uint16, responder bool, m protocol.Message) error {
	return p.Write(id, responder, m.AppendCBOR(nil))
}

// Write writes a segment.
func (p *Raw) Write(id uint16, responder bool, payload []byte) error {
	_, err := p.Conn.Write(Segment(id, responder, payload))
	return err
}

// Segment encodes a segment whose time stamp is 0. (mux, Wire format)
func Segment(id uint16, responder bool, payload []byte) []byte {
	if responder {
		id |= 1 << 15
	}
	b := binary.BigEndian.AppendUint16([]byte{0, 0, 0, 0}, id)
	return append(binary.BigEndian.AppendUint16(b, uint16(len(payload))), payload...)
}

// Segment reads a segment.
func (p *Raw) Segment() (id uint16, payload []byte, err error) {
	head := make([]byte, 8)
	if _, err := io.ReadFull(p.Conn, head); err != nil {
		return 0, nil, err
	}
	payload = make([]byte, binary.BigEndian.Uint16(head[6:]))
	_, err = io.ReadFull(p.Conn, payload)
	return binary.BigEndian.Uint16(head[4:]), payload, err
}

// Await reads until something comes for a mini-protocol, and returns it.
func (p *Raw) Await(id uint16) []byte {
	for {
		if got, payload, err := p.Segment(); err != nil || got == id {
			return payload
		}
	}
}

// Drain reads all that comes.
func (p *Raw) Drain() {
	io.Copy(io.Discard, p.Conn)
}

// Closed reports whether the other side has hung up by now.
func (p *Raw) Closed() bool {
	p.Conn.SetReadDeadline(time.Now().Add(time.Millisecond))
	_, err := io.Copy(io.Discard, p.Conn)
	return !errors.Is(err, os.ErrDeadlineExceeded)
}

// Silent accepts connections and reads nothing.
type Silent struct{ net.Listener }

// Hold accepts until the test ends.
func (l Silent) Hold(t *testing.T) {
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			t.Cleanup(func() { c.Close() })
		}
	}()
	t.Cleanup(func() { l.Close() })
}
