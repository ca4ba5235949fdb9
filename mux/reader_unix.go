//go:build unix

package mux

import (
	"io"
	"net"
	"os"
	"syscall"
)

// tcp reads from a TCP connection, nil if the bearer is something else: the
// buffer is taken when there is something to read, not while waiting for it. A
// type that only contains a TCP connection may want to see what is read.
func (r *reader) tcp() func() (int, error) {
	conn, ok := r.m.conn.(*net.TCPConn)
	if !ok {
		return nil
	}
	raw, err := conn.SyscallConn()
	if err != nil {
		return nil // closed already, as any will tell
	}
	var n int
	var failed error
	try := func(fd uintptr) (done bool) {
		r.hold(r.size())
		n, failed = syscall.Read(int(fd), r.buf[r.w:])
		for failed == syscall.EINTR {
			n, failed = syscall.Read(int(fd), r.buf[r.w:])
		}
		if failed == syscall.EAGAIN {
			r.drop()
			return false
		}
		return true
	}
	return func() (int, error) {
		switch err := raw.Read(try); {
		case err != nil:
			return 0, err
		case failed != nil:
			return 0, &net.OpError{Op: "read", Net: "tcp", Source: conn.LocalAddr(), Addr: conn.RemoteAddr(), Err: os.NewSyscallError("read", failed)}
		case n == 0:
			return 0, io.EOF
		}
		return n, nil
	}
}
