package delay_test

import (
	"bytes"
	"io"
	"math/rand/v2"
	"net"
	"testing"
	"time"

	"github.com/ouronet/ouronet/conformance/interop/delay"
)

func echo(t *testing.T) (addr string) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ln.Close() })
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			go func() {
				io.Copy(c, c)
				c.Close()
			}()
		}
	}()
	return ln.Addr().String()
}

func TestDelaysAndKeepsOrder(t *testing.T) {
	const oneWay, size = 20 * time.Millisecond, 20 << 20
	p, err := delay.Listen(echo(t), oneWay)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	conn, err := net.Dial("tcp", p.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()

	start := time.Now()
	one := []byte{7}
	conn.Write(one)
	if _, err := io.ReadFull(conn, one); err != nil {
		t.Fatal(err)
	}
	if d := time.Since(start); d < 2*oneWay {
		t.Errorf("round trip of %v, want at least %v", d, 2*oneWay)
	}

	want := make([]byte, size)
	rand.NewChaCha8([32]byte{}).Read(want)
	go func() {
		conn.Write(want)
		conn.(*net.TCPConn).CloseWrite()
	}()
	got, err := io.ReadAll(conn)
	if err != nil || !bytes.Equal(got, want) {
		t.Fatalf("%d bytes of %d came back, %v", len(got), size, err)
	}
}
