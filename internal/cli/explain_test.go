package cli

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/ouronet/ouronet/handshake"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/node"
	"github.com/ouronet/ouronet/node/follow"
	"github.com/ouronet/ouronet/protocol"
)

// refused is the error of a peer that is on another network, or for another reason.
func refused(reason handshake.Reason) error {
	return &node.PeerError{Peer: "a:1", Err: &handshake.RefusedError{Refusal: handshake.Refusal{Reason: reason, Version: 15, Text: "no"}}}
}

// An error says what to do about it, if it is known what that is.
func TestExplain(t *testing.T) {
	const port = ": check that HOST:PORT is where a node talks to other nodes"
	dial := &net.OpError{Op: "dial", Net: "tcp", Addr: &net.TCPAddr{IP: net.IPv4(10, 0, 0, 1), Port: 3001}, Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}
	read := *dial
	read.Op = "read"
	for _, test := range []struct {
		err  error
		want string
	}{
		{io.EOF, "the peer closed the connection"},
		{&node.PeerError{Peer: "a:1", Err: io.EOF}, "peer a:1: the peer closed the connection"},
		{fmt.Errorf("mux: %w", io.ErrUnexpectedEOF), "mux: unexpected EOF"},
		{errors.New("node: no way"), "no way"},
		{errors.New("relay: immutable: no way"), "no way"},
		{errors.New("nodes: no way"), "nodes: no way"},
		{refused(handshake.Refused), `peer a:1: handshake: the peer refused us: version 15: "no": ` +
			"we are on preview, network magic 2: give the peer's network with -network, -magic or -genesis"},
		{refused(handshake.HandshakeDecodeError), `peer a:1: handshake: the peer refused us: data of version 15 is malformed: "no"`},
		{&protocol.ViolationError{Protocol: "mux", Err: io.EOF}, "peer broke mux: the peer closed the connection" + port},
		{&protocol.ViolationError{Protocol: "handshake", Err: errors.New("late")}, "peer broke handshake: late" + port},
		{&protocol.ViolationError{Protocol: "chain-sync", Err: errors.New("late")}, "peer broke chain-sync: late"},
		{dial, "cannot connect to 10.0.0.1:3001: " + syscall.ECONNREFUSED.Error()},
		{&read, read.Error()},
	} {
		preview := ledger.Preview
		c := &Command{network: &preview}
		if got := c.explain(test.err); got != test.want {
			t.Errorf("got\n%s, want\n%s", got, test.want)
		}
	}
	other := unknown(42)
	if got := OtherNetwork(refused(handshake.Refused), other); !strings.HasPrefix(got, ": we are on the network with magic 42: ") {
		t.Error(got)
	}
}

func TestCause(t *testing.T) {
	for _, test := range []struct {
		err  error
		want string
	}{
		{os.NewSyscallError("bind", syscall.EADDRINUSE), syscall.EADDRINUSE.Error()},
		{&net.DNSError{Err: "no such host", Name: "a", IsNotFound: true}, "no such host"},
		{errors.New("other"), "other"},
	} {
		if got := Cause(&net.OpError{Op: "listen", Net: "tcp", Err: test.err}); got != test.want {
			t.Errorf("got %q, want %q", got, test.want)
		}
	}
}

// Why a peer is not followed is told, but for what ends the run and is told then.
func TestLost(t *testing.T) {
	late := &node.PeerError{Peer: "a:1", Err: errors.New("late")}
	for _, test := range []struct {
		peers []string
		err   error
		want  string
	}{
		{[]string{"a:1"}, late, "p: peer a:1: late; next try in 2s\n"},
		{[]string{"a:1"}, errors.New("late"), "p: a:1: late; next try in 2s\n"},
		{[]string{"a:1"}, refused(handshake.HandshakeDecodeError), ""},
		{[]string{"a:1"}, fmt.Errorf("%w: nothing", follow.ErrNoIntersect), ""},
		{[]string{"a:1", "b:1"}, refused(handshake.HandshakeDecodeError),
			`p: peer a:1: handshake: the peer refused us: data of version 15 is malformed: "no"; next try in 2s` + "\n"},
	} {
		var errs bytes.Buffer
		preview := ledger.Preview
		c := &Command{Stderr: &errs, program: Program{Name: "p"}, network: &preview, peers: test.peers}
		c.Lost("a:1", test.err, 1600*time.Millisecond)
		if errs.String() != test.want {
			t.Errorf("got %q, want %q", errs.String(), test.want)
		}
	}
}
