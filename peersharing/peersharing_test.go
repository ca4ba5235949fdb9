package peersharing_test

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ouronet/ouronet/internal/testing/golden"
	"github.com/ouronet/ouronet/internal/testing/pipe"
	"github.com/ouronet/ouronet/peersharing"
	"github.com/ouronet/ouronet/protocol"
)

// list is a source that gives all it has, whatever was asked for.
type list []netip.AddrPort

func (l list) Peers(context.Context, int) ([]netip.AddrPort, error) { return l, nil }

// ask runs one request against source.
func ask(t *testing.T, chunk int, source peersharing.Source, amount uint8) []netip.AddrPort {
	t.Helper()
	us, them := pipe.New()
	us.Chunk, them.Chunk = chunk, chunk
	served := make(chan error, 1)
	go func() { served <- peersharing.Respond(t.Context(), peersharing.Spec(), them, source, nil) }()
	i := peersharing.NewInitiator(peersharing.Spec(), us)
	peers, err := i.Request(t.Context(), amount)
	if err != nil {
		t.Fatal(err)
	}
	if err := i.Done(t.Context()); err != nil {
		t.Error(err)
	}
	if err := <-served; err != nil {
		t.Error(err)
	}
	return peers
}

func TestRequest(t *testing.T) {
	mixed := list{
		{}, netip.MustParseAddrPort("0.0.0.0:3001"), netip.MustParseAddrPort("[::]:3001"),
		netip.MustParseAddrPort("192.0.2.7:0"), netip.MustParseAddrPort("224.0.0.1:3001"),
		netip.MustParseAddrPort("[fe80::1%eth0]:3001"), netip.MustParseAddrPort("[::ffff:0.0.0.0]:3001"),
		netip.MustParseAddrPort("[::ffff:192.0.2.8]:3002"), netip.MustParseAddrPort("[2001:db8::1]:65535"),
	}
	var many list
	for n := range 300 {
		addr := netip.AddrFrom16([16]byte{0x20, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, byte(n >> 8), byte(n)})
		many = append(many, netip.AddrPortFrom(addr, 3001))
	}
	tests := []struct {
		name   string
		source list
		amount uint8
		want   []netip.AddrPort
	}{
		{"fewer than asked", many[:3], 10, many[:3]},
		{"never more than asked", many, 10, many[:10]},
		{"nothing asked", many, 0, nil},
		{"nothing there", nil, 10, nil},
		{"never more than fits", many, 255, many[:230]},
		{"only what is of use", mixed, 10, addrs("192.0.2.8:3002", "[2001:db8::1]:65535")},
		{"useless ones do not count", mixed, 1, addrs("192.0.2.8:3002")},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			before := slices.Clone(test.source)
			for _, chunk := range []int{0, 1, 7} {
				if got := ask(t, chunk, test.source, test.amount); !slices.Equal(got, test.want) {
					t.Errorf("got %v, want %v", got, test.want)
				}
			}
			if !slices.Equal(before, test.source) {
				t.Error("the source's memory was written to")
			}
		})
	}
}

// Random addresses of both kinds survive the way there, byte orders included.
func TestRoundTrip(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 50 {
		var source list
		for range rng.IntN(100) {
			var b [16]byte
			for i := range b {
				b[i] = byte(rng.Uint32())
			}
			addr := netip.AddrFrom16(b)
			if rng.IntN(2) == 0 {
				addr = netip.AddrFrom4([4]byte(b[:4]))
			}
			if peersharing.Routable(addr) {
				source = append(source, netip.AddrPortFrom(addr, uint16(1+rng.IntN(65535))))
			}
		}
		if got := ask(t, rng.IntN(20), source, 100); !slices.Equal(got, source) {
			t.Fatalf("got %v, want %v", got, source)
		}
	}
}

func TestIllegalResponders(t *testing.T) {
	tests := []struct {
		name    string
		bytes   string
		want    error
		message string
		after   time.Duration
	}{
		{"three for two", "820183" + r0 + r0 + r06, peersharing.ErrTooMany, "MsgSharePeers", 0},
		{"asks back", "82000a", protocol.ErrOutOfTurn, "MsgShareRequest", 0},
		{"unknown kind", "820181" + "8302000b", protocol.ErrMalformed, "MsgSharePeers", 0},
		{"lies about a length", "82019f" + "88" + r06[2:] + "ff", protocol.ErrMalformed, "", 0},
		{"one byte too large", "82019f" + strings.Repeat("00", 5757), protocol.ErrTooLarge, "", 0},
		{"silence", "", protocol.ErrTimeout, "", time.Minute},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				us, them := pipe.New()
				go func() {
					<-them.Ready()
					if err := them.Send(t.Context(), golden.Bytes(t, test.bytes), nil); err != nil {
						t.Error(err)
					}
				}()
				start := time.Now()
				_, err := peersharing.NewInitiator(peersharing.Spec(), us).Request(t.Context(), 2)
				checkViolation(t, err, test.want, "StBusy", test.message)
				if took := time.Since(start); took != test.after {
					t.Errorf("took %v, want %v", took, test.after)
				}
			})
		})
	}
}

func TestIllegalInitiators(t *testing.T) {
	tests := []struct {
		name    string
		bytes   string
		want    error
		message string
	}{
		{"answers", "820180", protocol.ErrOutOfTurn, "MsgSharePeers"},
		{"N20", "8200190100", protocol.ErrMalformed, "MsgShareRequest"},
		{"endless", "82009f" + strings.Repeat("00", 5758), protocol.ErrTooLarge, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			us, them := pipe.New()
			if err := us.Send(t.Context(), golden.Bytes(t, test.bytes), nil); err != nil {
				t.Fatal(err)
			}
			err := peersharing.Respond(t.Context(), peersharing.Spec(), them, list{}, nil)
			checkViolation(t, err, test.want, "StIdle", test.message)
		})
	}
}

func checkViolation(t *testing.T, err, want error, state, message string) {
	t.Helper()
	var v *protocol.ViolationError
	if !errors.As(err, &v) || !errors.Is(err, want) {
		t.Fatalf("got %v, want a violation that is %v", err, want)
	}
	if v.Protocol != "peer-sharing" || v.State != state || v.Message != message {
		t.Errorf("blamed %q in %q with %q, want %q with %q", v.Protocol, v.State, v.Message, state, message)
	}
}

// An idle conversation is no reason to hang up, and a source's own error is not
// the peer's fault.
func TestIdleThenSourceFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		us, them := pipe.New()
		served := make(chan error, 1)
		go func() { served <- peersharing.Respond(t.Context(), peersharing.Spec(), them, failing{}, nil) }()
		time.Sleep(24 * time.Hour)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		i := peersharing.NewInitiator(peersharing.Spec(), us)
		if _, err := i.Request(ctx, 10); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
		if err := <-served; !errors.Is(err, errFailing) || protocol.IsPeerFault(err) {
			t.Error(err)
		}
		them.Close()
		if _, err := i.Request(t.Context(), 10); !errors.Is(err, io.EOF) {
			t.Error(err)
		}
	})
}

var errFailing = errors.New("no peers known")

type failing struct{}

func (failing) Peers(context.Context, int) ([]netip.AddrPort, error) { return nil, errFailing }

func TestRoutable(t *testing.T) {
	for _, test := range []struct {
		addresses string
		want      bool
	}{
		{"1.1.1.1 192.0.2.7 11.0.0.1 172.32.0.1 100.128.0.1 198.20.0.1 2606:4700::1111 ::ffff:1.1.1.1", true},
		{"0.0.0.0 0.1.2.3 :: 127.0.0.1 127.255.0.9 ::1 ::ffff:127.0.0.1", false},
		{"10.0.0.1 172.16.0.1 172.31.255.255 192.168.1.1 fd00::1 fc00::1 ::ffff:10.1.1.1", false},
		{"169.254.1.1 fe80::1 fe80::1%eth0 2606:4700::1111%eth0 fec0::1 100.64.0.1 100.127.255.255", false},
		{"224.0.0.1 239.1.1.1 255.255.255.255 240.0.0.1 ff02::1 198.18.0.1 198.19.255.255 192.0.0.8 100::1 64:ff9b:1::1", false},
	} {
		for s := range strings.FieldsSeq(test.addresses) {
			if got := peersharing.Routable(netip.MustParseAddr(s)); got != test.want {
				t.Errorf("%s: routable is %v", s, got)
			}
		}
	}
	if peersharing.Routable(netip.Addr{}) {
		t.Error("the zero address is routable")
	}
}
