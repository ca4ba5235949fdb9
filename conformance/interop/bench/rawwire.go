package main

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"sync"
	"time"

	"github.com/ouronet/ouronet/internal/cbor"
	"github.com/ouronet/ouronet/ledger"
)

// raw is the baseline: what one would write by hand for exactly these
// conversations on one TCP connection, with no state machine, no limits and no
// time-outs.
type raw struct{}

const (
	protoHandshake  = 0
	protoChainSync  = 2
	protoBlockFetch = 3
	protoKeepAlive  = 8
	fromResponder   = 0x8000 // mode bit

	segment    = 12288 // cardano-node's egress segment, bytes (mux, 2)
	writeBatch = 128 << 10
	readBuffer = 128 << 10
)

// link is one end of a connection.
type link struct {
	net.Conn
	r   *bufio.Reader
	wmu sync.Mutex
	hdr [8]byte
}

func newLink(conn net.Conn) *link {
	return &link{Conn: conn, r: bufio.NewReaderSize(conn, readBuffer)}
}

func now() uint32 { return uint32(time.Now().UnixMicro()) }

func putHeader(dst []byte, time uint32, id uint16, n int) {
	binary.BigEndian.PutUint32(dst, time)
	binary.BigEndian.PutUint16(dst[4:], id)
	binary.BigEndian.PutUint16(dst[6:], uint16(n))
}

// next reads a segment header.
func (l *link) next() (id uint16, n int, err error) {
	if _, err := io.ReadFull(l.r, l.hdr[:]); err != nil {
		return 0, 0, err
	}
	return binary.BigEndian.Uint16(l.hdr[4:]), int(binary.BigEndian.Uint16(l.hdr[6:])), nil
}

// send writes segments, which include their headers, as they are.
func (l *link) send(segments []byte) error {
	l.wmu.Lock()
	defer l.wmu.Unlock()
	_, err := l.Write(segments)
	return err
}

// frame puts a short message into one segment.
func frame(id uint16, message []byte) []byte {
	b := make([]byte, 8, 8+len(message))
	putHeader(b, now(), id, len(message))
	return append(b, message...)
}

// versionData is [magic, initiatorOnly, peerSharing 0, query false].
func versionData(b []byte, initiatorOnly bool) []byte {
	b = cbor.AppendArray(b, 4)
	b = cbor.AppendUint(b, magic)
	b = cbor.AppendBool(b, initiatorOnly)
	b = cbor.AppendUint(b, 0)
	return cbor.AppendBool(b, false)
}

// version is the one the baseline speaks.
const version = 14

// propose runs the handshake as the initiator.
func (l *link) propose(initiatorOnly bool) error {
	m := cbor.AppendArray(nil, 2)
	m = cbor.AppendUint(m, 0)
	m = cbor.AppendMap(m, 1)
	m = cbor.AppendUint(m, version)
	if err := l.send(frame(protoHandshake, versionData(m, initiatorOnly))); err != nil {
		return err
	}
	reply, err := l.message()
	if err != nil {
		return err
	}
	r := cbor.NewReader(reply)
	r.Message(3, 1)
	if err := r.Err(); err != nil {
		return fmt.Errorf("handshake: %w in % x", err, reply)
	}
	return nil
}

// accept answers the handshake as the responder, combining the diffusion mode
// only. (handshake, 6)
func (l *link) accept() error {
	proposal, err := l.message()
	if err != nil {
		return err
	}
	r := cbor.NewReader(proposal)
	r.Message(2, 0)
	initiatorOnly, found := false, false
	for n := r.Map(); r.More(&n); {
		v, data := r.Uint(), cbor.NewReader(r.Raw())
		if v == version {
			data.ArrayLen(4)
			data.Uint()
			initiatorOnly, found = data.Bool(), true
		}
	}
	if err := r.Err(); err != nil || !found {
		return fmt.Errorf("handshake: version %d not in % x: %w", version, proposal, err)
	}
	m := cbor.AppendArray(nil, 3)
	m = cbor.AppendUint(m, 1)
	m = cbor.AppendUint(m, version)
	return l.send(frame(protoHandshake|fromResponder, versionData(m, initiatorOnly)))
}

// message reads a segment of the handshake.
func (l *link) message() ([]byte, error) {
	_, n, err := l.next()
	if err != nil {
		return nil, err
	}
	b := make([]byte, n)
	_, err = io.ReadFull(l.r, b)
	return b, err
}

// decodePoint reads a point of a message that is known to be well formed.
func decodePoint(r *cbor.Reader) ledger.Point { return cbor.Read(r, ledger.DecodePoint) }
