// Package line is a network line of limited rate for measurements: two network
// namespaces with the kernel's traffic shaping where the system allows that, a
// proxy on the loopback interface elsewhere. Reports say which it was, since
// only the first has packets, losses and congestion windows.
package line

import (
	"fmt"
	"net"
	"time"
)

// Shape is what the line does to each direction.
type Shape struct {
	Rate  int           // bits a second, of packets
	Queue time.Duration // how long what fits into the queue before it takes to leave
	Delay time.Duration // one way, besides

	// Congestion is the congestion control of both ends, such as "cubic"; empty
	// is the kernel's choice. A proxy cannot have any.
	Congestion string

	// Sysctl are parameters of the kernel, as "name=value", for both ends; a
	// proxy cannot have any.
	Sysctl []string
}

// Goodput returns how many bits a second TCP can carry over the line: a packet
// of 1,514 bytes has 1,448 of them.
func (s Shape) Goodput() float64 { return float64(s.Rate) * 1448 / 1514 }

// burst is what the line passes at once, in bytes: a few packets.
const burst = 4096

// Line is a line between two hosts.
type Line struct {
	Made string // by which means, for reports

	listen func() (net.Listener, error)
	dial   func(addr string) (net.Conn, error)
	close  func()
}

// Open makes a line.
func Open(s Shape) (*Line, error) {
	l, err := namespaces(s)
	if err == nil {
		return l, nil
	}
	if len(s.Sysctl) > 0 || s.Congestion != "" {
		return nil, fmt.Errorf("line: what the kernel does takes root and the ip and tc programs: %w", err)
	}
	return proxied(s), nil
}

// Listen listens at the serving end, on a free port.
func (l *Line) Listen() (net.Listener, error) { return l.listen() }

// Dial connects the asking end with a listener of the serving end.
func (l *Line) Dial(addr string) (net.Conn, error) { return l.dial(addr) }

// Close takes the line away. Close the connections over it first.
func (l *Line) Close() { l.close() }
