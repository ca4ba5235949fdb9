package vnet_test

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/ouronet/ouronet/internal/testing/testenv"
	"github.com/ouronet/ouronet/vnet"
)

// closeWriter is what our connections share with *net.TCPConn.
type closeWriter interface {
	net.Conn
	CloseWrite() error
}

// everyKind runs a check in real time over TCP, which shows that the check is
// right, and over networks of ours.
func everyKind(t *testing.T, check func(t *testing.T, a, b closeWriter)) {
	t.Run("TCP", func(t *testing.T) {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		a, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer a.Close()
		b, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		defer b.Close()
		check(t, a.(*net.TCPConn), b.(*net.TCPConn))
	})
	for name, link := range map[string]vnet.Link{
		"ideal":        {},
		"slow":         {Latency: time.Millisecond, Jitter: time.Millisecond, Bandwidth: 50 << 20},
		"small window": {Latency: 10 * time.Microsecond, Window: 5000, Ragged: true},
	} {
		t.Run(name, func(t *testing.T) {
			testenv.CheckLeaks(t)
			a, b := connect(t, vnet.New(vnet.Config{Link: link}))
			check(t, a, b)
		})
	}
}

// Large amounts in both directions at once, and each end half-closes.
func TestBothWays(t *testing.T) {
	everyKind(t, func(t *testing.T, a, b closeWriter) {
		const size = 1 << 20
		var tasks sync.WaitGroup
		for i, c := range []closeWriter{a, b} {
			tasks.Go(func() {
				r := rand.New(rand.NewPCG(1, uint64(i)))
				for left := size; left > 0; {
					chunk := make([]byte, min(left, 1+r.IntN(100_000)))
					for j := range chunk {
						chunk[j] = byte(size - left + j + i)
					}
					if _, err := c.Write(chunk); err != nil {
						t.Error(err)
						return
					}
					clear(chunk) // must have been copied
					left -= len(chunk)
				}
				if err := c.CloseWrite(); err != nil {
					t.Error(err)
				}
				if _, err := c.Write([]byte{1}); !errors.Is(err, syscall.EPIPE) {
					t.Errorf("write after CloseWrite: %v", err)
				}
			})
			tasks.Go(func() {
				all, err := io.ReadAll(c)
				if err != nil || len(all) != size {
					t.Errorf("%d bytes, %v", len(all), err)
				}
				for j := range all {
					if all[j] != byte(j+1-i) {
						t.Errorf("byte %d is wrong", j)
						break
					}
				}
			})
		}
		tasks.Wait()
	})
}

// A deadline ends what waits and what would not have to, until it is moved.
func TestDeadlines(t *testing.T) {
	everyKind(t, func(t *testing.T, a, b closeWriter) {
		buf := make([]byte, 10)
		past := time.Now().Add(-time.Second)
		check := func(what string, err error) {
			t.Helper()
			var timeout net.Error
			if !errors.Is(err, os.ErrDeadlineExceeded) || !errors.As(err, &timeout) || !timeout.Timeout() {
				t.Errorf("%s: %v", what, err)
			}
		}
		read := func(c net.Conn) error { _, err := c.Read(buf); return err }

		a.SetReadDeadline(time.Now().Add(5 * time.Millisecond))
		check("waiting to read", read(a))
		check("again", read(a))

		// With data there, too.
		if _, err := b.Write([]byte("hi")); err != nil {
			t.Fatal(err)
		}
		a.SetReadDeadline(time.Time{})
		a.Read(buf[:1])
		a.SetReadDeadline(past)
		check("reading with data", read(a))
		a.SetReadDeadline(time.Time{})
		if err := read(a); err != nil {
			t.Errorf("without a deadline: %v", err)
		}

		// One that is set while a read waits.
		read1 := make(chan error, 1)
		go func() { _, err := a.Read(make([]byte, 1)); read1 <- err }()
		time.Sleep(2 * time.Millisecond)
		a.SetReadDeadline(past)
		check("set while waiting", <-read1)

		// Writing goes on, then fails with what was written.
		a.SetDeadline(time.Time{})
		large := make([]byte, 64<<20)
		go func() {
			io.ReadFull(b, make([]byte, 1)) // so that something was written
			a.SetWriteDeadline(time.Now().Add(5 * time.Millisecond))
		}()
		n, err := a.Write(large)
		check("waiting to write", err)
		if n <= 0 || n >= len(large) {
			t.Errorf("%d bytes were written", n)
		}
		_, err = a.Write(nil)
		check("writing nothing", err)
		a.SetWriteDeadline(time.Time{})
		go func() { io.Copy(io.Discard, b); b.Close() }()
		if _, err := a.Write([]byte{1}); err != nil {
			t.Errorf("after the deadline was moved: %v", err)
		}
		a.CloseWrite()
		io.Copy(io.Discard, a)
	})
}

// Close ends what waits on the same end; afterwards everything fails.
func TestClosed(t *testing.T) {
	everyKind(t, func(t *testing.T, a, b closeWriter) {
		results := make(chan error, 3)
		for range 2 {
			go func() { _, err := a.Read(make([]byte, 1)); results <- err }()
		}
		go func() { _, err := a.Write(make([]byte, 64<<20)); results <- err }()
		time.Sleep(5 * time.Millisecond)
		if err := a.Close(); err != nil {
			t.Error(err)
		}
		for range 3 {
			if err := <-results; !errors.Is(err, net.ErrClosed) {
				t.Errorf("what waited: %v", err)
			}
		}
		_, read := a.Read(nil)
		_, write := a.Write(nil)
		for what, err := range map[string]error{
			"read": read, "write": write, "close": a.Close(), "half-close": a.CloseWrite(), "deadline": a.SetDeadline(time.Now()),
		} {
			var op *net.OpError
			if !errors.Is(err, net.ErrClosed) || !errors.As(err, &op) {
				t.Errorf("%s: %v", what, err)
			}
		}
	})
}

// What was written before Close arrives, then io.EOF, again and again.
func TestEndAfterData(t *testing.T) {
	everyKind(t, func(t *testing.T, a, b closeWriter) {
		a.Write([]byte("last words"))
		a.Close()
		got, err := io.ReadAll(b)
		if string(got) != "last words" || err != nil {
			t.Errorf("%q, %v", got, err)
		}
		if n, err := b.Read(make([]byte, 1)); n != 0 || err != io.EOF {
			t.Errorf("read after the end: %d, %v", n, err)
		}
		if n, err := b.Read(nil); n != 0 || err != nil {
			t.Errorf("read of nothing: %d, %v", n, err)
		}
		// The other side is gone: writing fails, if not at once.
		for end := time.Now().Add(time.Minute); err == nil && time.Now().Before(end); {
			_, err = b.Write([]byte("anybody there?"))
			time.Sleep(time.Millisecond)
		}
		if !errors.Is(err, syscall.ECONNRESET) && !errors.Is(err, syscall.EPIPE) {
			t.Errorf("write to nobody: %v", err)
		}
	})
}

// Who closes with something unread resets: the other side's blocked write fails.
func TestUnread(t *testing.T) {
	everyKind(t, func(t *testing.T, a, b closeWriter) {
		blocked := make(chan error, 1)
		go func() { _, err := b.Write(make([]byte, 64<<20)); blocked <- err }()
		if _, err := a.Read(make([]byte, 100)); err != nil {
			t.Error(err)
		}
		time.Sleep(5 * time.Millisecond)
		a.Close()
		if err := <-blocked; !errors.Is(err, syscall.ECONNRESET) && !errors.Is(err, syscall.EPIPE) {
			t.Errorf("write: %v", err)
		}
	})
}

// Several writers at once: each one's bytes stay together.
func TestOverlap(t *testing.T) {
	everyKind(t, func(t *testing.T, a, b closeWriter) {
		const each, size = 10, 20_000
		var tasks sync.WaitGroup
		for i := range each {
			tasks.Go(func() {
				if _, err := a.Write(bytes.Repeat([]byte{byte(i)}, size)); err != nil {
					t.Error(err)
				}
			})
		}
		var mu sync.Mutex
		total := 0
		var readers sync.WaitGroup
		for range 3 {
			readers.Go(func() {
				buf := make([]byte, 3000)
				for {
					n, err := b.Read(buf)
					mu.Lock()
					total += n
					mu.Unlock()
					if err != nil {
						return
					}
				}
			})
		}
		tasks.Wait()
		a.CloseWrite()
		readers.Wait()
		if total != each*size {
			t.Errorf("%d bytes, want %d", total, each*size)
		}
	})
	everyKind(t, func(t *testing.T, a, b closeWriter) {
		const each, size = 10, 20_000
		for i := range each {
			go a.Write(bytes.Repeat([]byte{byte(i)}, size))
		}
		got := make([]byte, each*size)
		if _, err := io.ReadFull(b, got); err != nil {
			t.Fatal(err)
		}
		for i := 0; i < len(got); i += size {
			if bytes.Count(got[i:i+size], got[i:i+1]) != size {
				t.Fatal("one write in the middle of another")
			}
		}
	})
}

// Addresses are those of TCP and mirror each other.
func TestAddresses(t *testing.T) {
	everyKind(t, func(t *testing.T, a, b closeWriter) {
		if a.LocalAddr().String() != b.RemoteAddr().String() || a.RemoteAddr().String() != b.LocalAddr().String() {
			t.Error(a.LocalAddr(), a.RemoteAddr(), b.LocalAddr(), b.RemoteAddr())
		}
		if addr, ok := a.LocalAddr().(*net.TCPAddr); !ok || addr.Network() != "tcp" || !addr.AddrPort().IsValid() || addr.Port == 0 {
			t.Errorf("%T %v", a.LocalAddr(), a.LocalAddr())
		}
	})
}
