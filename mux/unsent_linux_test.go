package mux

import (
	"context"
	"net"
	"syscall"
	"testing"
)

// The kernel holds little that it has not sent.
func TestUnsentIsLimited(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	conn, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	m := New(conn, Config{})
	defer m.Close(context.Background())
	defer m.Fail(net.ErrClosed)
	raw, err := conn.(*net.TCPConn).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	raw.Control(func(fd uintptr) {
		n, err := syscall.GetsockoptInt(int(fd), syscall.IPPROTO_TCP, unsentOption)
		if err != nil || n != 16<<10 {
			t.Errorf("TCP_NOTSENT_LOWAT is %d, %v", n, err)
		}
	})
}
