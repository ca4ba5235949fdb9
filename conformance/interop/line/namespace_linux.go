package line

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
)

// The addresses of the two ends, on a network that nothing else sees.
const (
	servingIP = "10.0.0.1"
	askingIP  = "10.0.0.2"
)

// namespace is a network namespace: a goroutine that keeps its thread, which
// is in it. The thread ends with the goroutine, the namespace with both.
type namespace struct {
	thread int
	work   chan func()
}

func newNamespace() (*namespace, error) {
	ns := &namespace{work: make(chan func())}
	made := make(chan error)
	go func() {
		runtime.LockOSThread() // and never unlock: the thread is of no other use
		ns.thread = syscall.Gettid()
		made <- syscall.Unshare(syscall.CLONE_NEWNET)
		for f := range ns.work {
			f()
		}
	}()
	if err := <-made; err != nil {
		close(ns.work)
		return nil, err
	}
	return ns, nil
}

// do runs f in the namespace: sockets and programs that it makes are there.
func (ns *namespace) do(f func() error) error {
	done := make(chan error)
	ns.work <- func() { done <- f() }
	return <-done
}

// run runs a command in the namespace.
func (ns *namespace) run(command string) error {
	return ns.do(func() error {
		args := strings.Fields(command)
		if out, err := exec.Command(args[0], args[1:]...).CombinedOutput(); err != nil {
			return fmt.Errorf("line: %s: %w: %s", command, err, out)
		}
		return nil
	})
}

// set gives a parameter of the kernel, such as net.ipv4.tcp_congestion_control,
// a value in the namespace.
func (ns *namespace) set(parameter string) error {
	name, value, _ := strings.Cut(parameter, "=")
	return ns.do(func() error {
		// The thread's own view of /proc/sys/net.
		path := filepath.Join("/proc/sys", strings.ReplaceAll(name, ".", "/"))
		if err := os.WriteFile(path, []byte(value), 0); err != nil {
			return fmt.Errorf("line: sysctl %s: %w", parameter, err)
		}
		return nil
	})
}

// namespaces makes a line of two network namespaces. Without a delay they are
// joined by a virtual cable of the kernel, of which each end sends through a
// token bucket filter; the filter that delays is missing from many kernels, so
// with a delay the cable is ours.
func namespaces(s Shape) (*Line, error) {
	serving, err := newNamespace()
	if err != nil {
		return nil, err
	}
	asking, err := newNamespace()
	if err != nil {
		close(serving.work)
		return nil, err
	}
	l := &Line{Made: "tc in network namespaces", close: func() {
		close(serving.work)
		close(asking.work)
	}}
	shape := fmt.Sprintf("tc qdisc add dev line0 root tbf rate %dbit burst %d latency %dus", s.Rate, burst, s.Queue.Microseconds())
	if s.Delay == 0 {
		err = serving.run(fmt.Sprintf("ip link add line0 type veth peer name line0 netns %d", asking.thread))
	} else {
		var c *cable
		if c, err = newCable(s, serving, asking); err == nil {
			l.Made = "devices in network namespaces"
			shape = ""
			l.close = func() {
				c.close()
				close(serving.work)
				close(asking.work)
			}
		}
	}
	for _, end := range []struct {
		ns *namespace
		ip string
	}{{serving, servingIP}, {asking, askingIP}} {
		for _, command := range []string{
			"ip addr add " + end.ip + "/24 dev line0",
			"ip link set line0 up",
			shape,
		} {
			if err == nil && command != "" {
				err = end.ns.run(command)
			}
		}
		for _, set := range s.Sysctl {
			if err == nil {
				err = end.ns.set(set)
			}
		}
	}
	if err != nil {
		l.Close()
		return nil, err
	}
	l.listen = func() (ln net.Listener, err error) {
		err = serving.do(func() error {
			ln, err = (&net.ListenConfig{Control: s.control}).Listen(context.Background(), "tcp4", servingIP+":0")
			return err
		})
		return ln, err
	}
	l.dial = func(addr string) (conn net.Conn, err error) {
		err = asking.do(func() error {
			conn, err = (&net.Dialer{Control: s.control}).Dial("tcp4", addr)
			return err
		})
		return conn, err
	}
	return l, nil
}

// control sets up a socket before it is used; accepted ones inherit it.
func (s Shape) control(_, _ string, raw syscall.RawConn) (err error) {
	if s.Congestion == "" {
		return nil
	}
	if e := raw.Control(func(fd uintptr) {
		err = syscall.SetsockoptString(int(fd), syscall.IPPROTO_TCP, syscall.TCP_CONGESTION, s.Congestion)
	}); e != nil {
		return e
	}
	return err
}
