package vnet

import (
	"context"
	"net"
	"net/netip"
	"strconv"
	"syscall"
)

// Host is a machine on a network.
type Host struct {
	net  *Network
	name string
	ip   netip.Addr
	port uint16 // the last one given away; guarded by net.mu
}

// Host returns the host of that name, which it makes if there is none. A name that is
// an IP address is also the host's address; other hosts get 10.0.0.1 and so on, in the
// order in which they are made.
func (n *Network) Host(name string) *Host {
	n.mu.Lock()
	defer n.mu.Unlock()
	if h := n.hosts[name]; h != nil {
		return h
	}
	h := &Host{net: n, name: name, port: firstPort - 1}
	if ip, err := netip.ParseAddr(name); err == nil {
		h.ip = ip
	} else {
		for i := len(n.hosts) + 1; ; i++ {
			h.ip = netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)})
			if n.byIP[h.ip] == nil {
				break
			}
		}
	}
	n.hosts[name] = h
	n.byIP[h.ip] = h
	return h
}

// firstPort is the first that is given to who does not ask for one: the range
// of IANA for that.
const firstPort = 49152

// Name returns the host's name.
func (h *Host) Name() string { return h.name }

// IP returns the host's address.
func (h *Host) IP() netip.Addr { return h.ip }

// Listen takes a port until the listener is closed; 0 is any free one.
func (h *Host) Listen(port uint16) (*Listener, error) {
	n := h.net
	n.mu.Lock()
	defer n.mu.Unlock()
	if port == 0 {
		port = h.freePort()
	}
	at := netip.AddrPortFrom(h.ip, port)
	fail := func(err error) (*Listener, error) {
		return nil, &net.OpError{Op: "listen", Net: network, Addr: net.TCPAddrFromAddrPort(at), Err: err}
	}
	if n.closed {
		return fail(net.ErrClosed)
	}
	if n.listeners[at] != nil || port == 0 {
		return fail(syscall.EADDRINUSE)
	}
	l := newListener(n, at)
	n.listeners[at] = l
	return l, nil
}

// freePort returns a port that nobody listens on, or 0. It may be the local one
// of a connection: what tells connections apart is both ends.
func (h *Host) freePort() uint16 {
	for range 1 << 14 {
		h.port = max(h.port+1, firstPort)
		if h.net.listeners[netip.AddrPortFrom(h.ip, h.port)] == nil {
			return h.port
		}
	}
	return 0
}

// Dial connects to a host, address "name:port" or "IP:port". Its errors are those of a
// [net.Dialer]: ECONNREFUSED without a listener, ETIMEDOUT after [ConnectTime], that of
// ctx. The connection is a [*Conn].
func (h *Host) Dial(ctx context.Context, address string) (net.Conn, error) {
	to, port, err := h.net.resolve(address)
	if err != nil {
		return nil, &net.OpError{Op: "dial", Net: network, Err: err}
	}
	if err := ctx.Err(); err != nil {
		return nil, &net.OpError{Op: "dial", Net: network, Addr: addr(to, port), Err: context.Cause(ctx)}
	}
	d := &dial{net: h.net, from: h, to: to, port: port}
	c, err := d.run(ctx)
	if err != nil {
		return nil, &net.OpError{Op: "dial", Net: network, Addr: addr(to, port), Err: err}
	}
	return c, nil
}

// DialContext is Dial with the signature of [net.Dialer]. Any network name will do.
func (h *Host) DialContext(ctx context.Context, _, address string) (net.Conn, error) {
	return h.Dial(ctx, address)
}

// network is what errors and addresses say.
const network = "tcp"

func addr(h *Host, port uint16) *net.TCPAddr {
	return net.TCPAddrFromAddrPort(netip.AddrPortFrom(h.ip, port))
}

// resolve finds the host and port that an address means.
func (n *Network) resolve(address string) (*Host, uint16, error) {
	name, service, err := net.SplitHostPort(address)
	if err != nil {
		return nil, 0, err
	}
	port, err := strconv.ParseUint(service, 10, 16)
	if err != nil {
		return nil, 0, &net.AddrError{Err: "invalid port", Addr: address}
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	h := n.hosts[name]
	if h == nil {
		if ip, err := netip.ParseAddr(name); err == nil {
			h = n.byIP[ip]
		}
	}
	if h == nil {
		return nil, 0, &net.DNSError{Err: "no such host", Name: name, IsNotFound: true}
	}
	return h, uint16(port), nil
}
