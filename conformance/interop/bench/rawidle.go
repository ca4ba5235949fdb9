package main

import (
	"io"
	"net"
	"time"
)

// keepAlivePeriod is cardano-node's. (miniprotocols, Keep-alive)
const keepAlivePeriod = 10 * time.Second

// idle needs one goroutine and no read buffer to speak of.
func (raw) idle(conn net.Conn) error {
	l := &link{Conn: conn}
	if err := l.proposeUnbuffered(); err != nil {
		return err
	}
	go l.warm()
	return nil
}

// proposeUnbuffered runs the handshake without the buffer of newLink.
func (l *link) proposeUnbuffered() error {
	full := newLink(l.Conn)
	return full.propose(false) // the answer is all there is to read
}

// acceptIdle is the other end for every stack.
func acceptIdle(conn net.Conn) {
	if newLink(conn).accept() == nil {
		(&link{Conn: conn}).warm()
	}
}

// warm sends keep-alives and answers them until the connection ends. It takes
// any other segment for a warm peer's business.
func (l *link) warm() {
	ping := func() { l.send(frame(protoKeepAlive, []byte{0x82, 0, 7})) }
	ping()
	var timer *time.Timer
	timer = time.AfterFunc(keepAlivePeriod, func() {
		ping()
		timer.Reset(keepAlivePeriod)
	})
	defer timer.Stop()

	var p [8 + 64]byte
	for {
		if _, err := io.ReadFull(l, p[:8]); err != nil {
			return
		}
		id, n := uint16(p[4])<<8|uint16(p[5]), int(p[6])<<8|int(p[7])
		if n > len(p)-8 {
			return
		}
		if _, err := io.ReadFull(l, p[8:8+n]); err != nil {
			return
		}
		if id == protoKeepAlive {
			p[9] = 1
			l.send(frame(protoKeepAlive|fromResponder, p[8:8+n]))
		}
	}
}
