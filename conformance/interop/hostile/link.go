//go:build linux

package main

import (
	"bufio"
	"errors"
	"io"
	"net"
	"slices"

	"github.com/ouronet/ouronet/chaintest"
	"github.com/ouronet/ouronet/internal/cbor"
	"github.com/ouronet/ouronet/internal/segment"
	"github.com/ouronet/ouronet/protocol"
)

const (
	handshakeNo   = 0
	chainSyncNo   = 2
	blockFetchNo  = 3
	txNo          = 4
	keepAliveNo   = 8
	peerSharingNo = 10
	fromResponder = 0x8000 // mode bit

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

// frame cuts bytes into segments with a tag, a mini-protocol and who sends.
func frame(tag uint16, payload []byte) (out []byte) {
	role := protocol.Initiator
	if tag&fromResponder != 0 {
		role = protocol.Responder
	}
	for part := range slices.Chunk(payload, segment.Usual) {
		out = segment.Append(out, role, tag&^fromResponder, part)
	}
	return out
}

// send writes bytes of a mini-protocol.
func (l *link) send(id uint16, payload []byte) error {
	_, err := l.Write(frame(id, payload))
	return err
}

// await reads up to a segment of a mini-protocol.
func (l *link) await(id uint16) ([]byte, error) {
	for {
		h, payload, err := segment.Read(l.r)
		if err != nil || h.Tag() == id|fromResponder {
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
