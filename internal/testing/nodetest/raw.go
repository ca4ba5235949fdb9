package nodetest

import (
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/ouronet/ouronet/handshake"
	"github.com/ouronet/ouronet/internal/segment"
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
	segment.Read(p.Conn)
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
				segment.Read(p.Conn)
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

// Segment encodes a segment whose time stamp is 0.
func Segment(id uint16, responder bool, payload []byte) []byte {
	role := protocol.Initiator
	if responder {
		role = protocol.Responder
	}
	return segment.Append(nil, role, id, payload)
}

// Await reads until something comes with a tag, and returns it.
func (p *Raw) Await(tag uint16) []byte {
	for {
		if h, payload, err := segment.Read(p.Conn); err != nil || h.Tag() == tag {
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
