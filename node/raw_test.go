package node_test

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

// rawPeer writes segments by hand, after an honest handshake.
type rawPeer struct {
	t    testing.TB
	conn net.Conn
}

// dialRaw connects to address and shakes hands.
func (w *world) dialRaw(address string, data handshake.Data) *rawPeer {
	w.t.Helper()
	conn, err := w.net.Dial(w.t.Context(), address)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { conn.Close() })
	p := &rawPeer{w.t, conn}
	data.Magic = network().Magic
	p.message(0, false, handshake.ProposeVersions{Table: handshake.Versions(data)})
	p.segment()
	return p
}

// serveRaw puts a node on the network that answers the handshake, calls then
// and reads what comes. It takes one connection after the other until the test
// ends.
func (w *world) serveRaw(address string, then func(*rawPeer)) {
	l := w.net.Listen(address)
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
			p := &rawPeer{w.t, conn}
			tasks.Go(func() {
				defer conn.Close()
				p.segment()
				then(p)
				p.drain()
			})
		}
	})
	w.t.Cleanup(func() {
		l.Close()
		mu.Lock()
		for _, c := range conns {
			c.Close()
		}
		mu.Unlock()
		tasks.Wait()
	})
}

// accept answers the handshake of a node that only asks.
func (p *rawPeer) accept() {
	data := handshake.Data{Magic: network().Magic, InitiatorOnly: true}
	p.message(0, true, handshake.AcceptVersion{Entry: handshake.Versions(data, handshake.V15)[0]})
}

// message writes a message in one segment; the error is for the test to see in
// what comes of it.
func (p *rawPeer) message(id uint16, responder bool, m protocol.Message) error {
	return p.write(id, responder, m.AppendCBOR(nil))
}

func (p *rawPeer) write(id uint16, responder bool, payload []byte) error {
	_, err := p.conn.Write(segment(id, responder, payload))
	return err
}

func segment(id uint16, responder bool, payload []byte) []byte {
	if responder {
		id |= 1 << 15
	}
	b := binary.BigEndian.AppendUint16([]byte{0, 0, 0, 0}, id)
	return append(binary.BigEndian.AppendUint16(b, uint16(len(payload))), payload...)
}

// segment reads a segment.
func (p *rawPeer) segment() (id uint16, payload []byte, err error) {
	head := make([]byte, 8)
	if _, err := io.ReadFull(p.conn, head); err != nil {
		return 0, nil, err
	}
	payload = make([]byte, binary.BigEndian.Uint16(head[6:]))
	_, err = io.ReadFull(p.conn, payload)
	return binary.BigEndian.Uint16(head[4:]), payload, err
}

// await reads until something comes for a mini-protocol, and returns it.
func (p *rawPeer) await(id uint16) []byte {
	for {
		if got, payload, err := p.segment(); err != nil || got == id {
			return payload
		}
	}
}

// drain reads all that comes.
func (p *rawPeer) drain() {
	io.Copy(io.Discard, p.conn)
}

// closed reports whether the other side has hung up by now.
func (p *rawPeer) closed() bool {
	p.conn.SetReadDeadline(time.Now().Add(time.Millisecond))
	_, err := io.Copy(io.Discard, p.conn)
	return !errors.Is(err, os.ErrDeadlineExceeded)
}
