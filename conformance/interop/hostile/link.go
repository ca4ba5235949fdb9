//go:build linux

package main

import (
	"bufio"
	"encoding/binary"
	"errors"
	"io"
	"net"

	"github.com/ouronet/ouronet/chaintest"
	"github.com/ouronet/ouronet/internal/cbor"
)

const (
	handshakeNo   = 0
	chainSyncNo   = 2
	blockFetchNo  = 3
	txNo          = 4
	keepAliveNo   = 8
	peerSharingNo = 10
	fromResponder = 0x8000 // mode bit

	segment = 12288 // cardano-node's egress segment, bytes (mux, 2)
	version = 14
)

// link is a connection that keeps no rules.
type link struct {
	*net.TCPConn
	r *bufio.Reader
}

func newLink(conn net.Conn) *link {
	return &link{conn.(*net.TCPConn), bufio.NewReaderSize(conn, 16<<10)}
}

// header is one of a segment of n bytes.
func header(id uint16, n int) []byte {
	b := make([]byte, 8, 8+segment)
	binary.BigEndian.PutUint16(b[4:], id)
	binary.BigEndian.PutUint16(b[6:], uint16(n))
	return b
}

// frame cuts bytes of a mini-protocol into segments.
func frame(id uint16, payload []byte) []byte {
	var out []byte
	for len(payload) > 0 {
		n := min(segment, len(payload))
		out = append(append(out, header(id, n)...), payload[:n]...)
		payload = payload[n:]
	}
	return out
}

// send writes bytes of a mini-protocol.
func (l *link) send(id uint16, payload []byte) error {
	_, err := l.Write(frame(id, payload))
	return err
}

// next reads a segment.
func (l *link) next() (id uint16, payload []byte, err error) {
	var h [8]byte
	if _, err := io.ReadFull(l.r, h[:]); err != nil {
		return 0, nil, err
	}
	payload = make([]byte, binary.BigEndian.Uint16(h[6:]))
	_, err = io.ReadFull(l.r, payload)
	return binary.BigEndian.Uint16(h[4:]), payload, err
}

// await reads up to a segment of a mini-protocol.
func (l *link) await(id uint16) ([]byte, error) {
	for {
		got, payload, err := l.next()
		if err != nil || got == id|fromResponder {
			return payload, err
		}
	}
}

// drain reads to the end.
func (l *link) drain() error {
	_, err := io.Copy(io.Discard, l.r)
	return errors.Join(err, io.EOF)
}

// propose runs the handshake as the initiator of one version, with peer sharing.
func (l *link) propose() error {
	m := cbor.AppendMessage(nil, 2, 0)
	m = cbor.AppendMap(m, 1)
	m = cbor.AppendUint(m, version)
	m = cbor.AppendArray(m, 4)
	m = cbor.AppendUint(m, uint64(chaintest.Network().Magic))
	m = cbor.AppendBool(m, true) // initiator only
	m = cbor.AppendUint(m, 1)    // peer sharing
	m = cbor.AppendBool(m, false)
	if err := l.send(handshakeNo, m); err != nil {
		return err
	}
	reply, err := l.await(handshakeNo)
	if err != nil {
		return err
	}
	r := cbor.NewReader(reply)
	r.Message(3, 1)
	return r.Err()
}
